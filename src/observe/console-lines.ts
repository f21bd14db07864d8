import { systemClock, type Timer } from '../clock.ts';
import { load } from '../load.ts';

/** The symbol under which winston's transports look for the line (the package triple-beam has it by this name). */
const MESSAGE = Symbol.for('message');

/** The part of a transport of winston that is used. */
interface Transport {
  log(info: { readonly [MESSAGE]: string; readonly level: 'info' }, done: () => void): void;
}

/** How long a line waits for others: each write costs as much as all of them, and so does another turn of the event loop. */
const GATHER_MS = 10;
/** So many are written at once. */
const GATHER_MOST = 100;
/** What may wait in stdout before lines are dropped: it is a pipe that nobody reads. */
const STALLED_BYTES = 1024 * 1024;

/**
 * JSON lines on stdout, by the Console transport of winston. Straight to it: of the streams in front of it a line would pay for
 * each, and they have nothing to do with a record of ours. What comes within 10 ms is one write; the end of the process and
 * close() wait for nothing.
 */
class ConsoleLines {
  #lines: string[] = [];
  #transport: Transport | undefined;
  #timer: Timer;

  /** False where the line is lost. */
  write(line: string): boolean {
    if (process.stdout.writableLength > STALLED_BYTES) return false;
    this.#lines.push(line);
    if (this.#lines.length === GATHER_MOST) this.flush();
    else this.#gather();
    return true;
  }

  #gather(): void {
    if (this.#timer) return;
    this.#timer = systemClock.setTimeout(this.flush, GATHER_MS);
    (this.#timer as NodeJS.Timeout).unref();
    // What ends the process must not take its last lines with it.
    process.once('exit', this.flush);
  }

  /** Writes what waits. */
  readonly flush = (): void => {
    if (this.#timer) process.removeListener('exit', this.flush);
    systemClock.clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#lines.length === 0) return;
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
