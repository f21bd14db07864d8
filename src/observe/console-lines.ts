import { load } from '../load.ts';

/** The symbol under which winston's transports look for the line (the package triple-beam has it by this name). */
const MESSAGE = Symbol.for('message');

/** The part of a transport of winston that is used. */
interface Transport {
  log(info: { readonly [MESSAGE]: string; readonly level: 'info' }, done: () => void): void;
}

/** Lines that wait to be written, before further ones are dropped: stdout is a pipe that nobody reads. */
const WAITING_MOST = 1000;
const STALLED_BYTES = 1024 * 1024;

/**
 * JSON lines on stdout, by the Console transport of winston. Straight to it: of the streams in front of it a line would pay for
 * each, and they have nothing to do with a record of ours. All lines of one turn of the event loop are one write.
 */
class ConsoleLines {
  #lines: string[] = [];
  #transport: Transport | undefined;
  #isDue = false;

  /** False where the line is lost. */
  write(line: string): boolean {
    if (this.#lines.length >= WAITING_MOST || process.stdout.writableLength > STALLED_BYTES) return false;
    this.#lines.push(line);
    if (this.#isDue) return true;
    this.#isDue = true;
    setImmediate(this.flush);
    // What ends the process in this turn must not take its own line with it.
    process.once('exit', this.flush);
    return true;
  }

  /** Writes what waits. */
  readonly flush = (): void => {
    if (!this.#isDue) return;
    this.#isDue = false;
    process.removeListener('exit', this.flush);
    const text = this.#lines.join('\n');
    this.#lines = [];
    this.#transport ??= consoleTransport();
    try {
      this.#transport.log({ [MESSAGE]: text, level: 'info' }, () => {});
    } catch {
      // Nobody is there to be told.
    }
  };
}

/** One for all guards: there is one stdout. */
export const consoleLines: ConsoleLines = new ConsoleLines();

/** Made for the first line: who logs by a logger of his own needs none of it. */
function consoleTransport(): Transport {
  try {
    // By path: the entry of winston loads all that winston has.
    const Console = load('winston/lib/winston/transports/console.js') as new () => Transport;
    return new Console();
  } catch {
    // In a bundle that has left it out.
    return { log: ({ [MESSAGE]: text }) => void process.stdout.write(`${text}\n`) };
  }
}
