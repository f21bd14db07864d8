import type { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import { systemClock } from '../clock.ts';
import { unheard } from '../unheard.ts';
import { consoleLines } from './console-lines.ts';
import { isoTime } from './iso-time.ts';

export type Level = 'info' | 'warn' | 'error';

/** winston, pino, console, or anything with these methods. */
export interface Logger {
  info(...args: never[]): unknown;
  warn(...args: never[]): unknown;
  error(...args: never[]): unknown;
}

export type Write = (level: Level, message: string, record: Record<string, unknown>) => void;

export interface Writer {
  readonly write: Write;
  /** Lines that were lost. */
  dropped(): number;
  /** Writes what waits, and listens to its logger no more. */
  close(): void;
}

/** What may wait in a logger whose disk or pipe has stalled, before further lines are dropped. */
const STALLED_LINES = 1000;
const STALLED_BYTES = 1024 * 1024;

/** One function for every logger. Whatever becomes of a line, the request never notices. */
export function writerFor(logger: Logger): Writer {
  let dropped = 0;
  const lost = (): void => void dropped++;
  // A transport that fails later tells its logger, and where nobody listens to that the process ends.
  const emitter = isWinston(logger) ? logger : undefined;
  emitter?.on('error', lost);
  // What a logger is does not change while it is used.
  const takesRecordFirst = isPino(logger);
  const takesText = isConsole(logger);
  // The levels of syslog have it in full.
  const warn = (typeof logger.warn === 'function' ? 'warn' : 'warning') as 'warn';
  const write: Write = (level, message, record) => {
    const method = level === 'warn' ? warn : level;
    try {
      if (isStalled(logger)) dropped++;
      else {
        // A copy: winston and pino write into it, and others listen to the same event.
        const result: unknown = takesRecordFirst
          ? logger[method]({ ...record } as never, message as never)
          : logger[method](
              ...((takesText ? [JSON.stringify({ level, message, ...record })] : [message, { ...record }]) as never[]),
            );
        unheard(result, lost);
      }
    } catch {
      dropped++;
    }
  };
  return { write, dropped: () => dropped, close: () => void emitter?.off('error', lost) };
}

/**
 * JSON lines on stdout, as format.timestamp() and format.json() of winston write them: a record of ours has neither a cycle
 * nor a BigInt, so that the native serializer does.
 */
export function consoleWriter(lines: Pick<typeof consoleLines, 'write' | 'flush'> = consoleLines): Writer {
  let dropped = 0;
  const write: Write = (level, message, record) => {
    const timestamp = isoTime(systemClock.date());
    // Put together as texts: members that are added to a copied object make it five times as slow to write.
    const more = `"level":"${level}","message":${JSON.stringify(message)},"timestamp":"${timestamp}"}`;
    const text = JSON.stringify(record);
    if (!lines.write(text === '{}' ? `{${more}` : `${text.slice(0, -1)},${more}`)) dropped++;
  };
  return { write, dropped: () => dropped, close: () => lines.flush() };
}

/** pino takes the record first, winston the message: each silently loses the other's. */
function isPino(logger: Logger): boolean {
  return typeof (logger as { bindings?: unknown }).bindings === 'function';
}

function isWinston(logger: object): logger is EventEmitter {
  const { transports, on, off } = logger as Partial<EventEmitter> & { transports?: unknown };
  return Array.isArray(transports) && typeof on === 'function' && typeof off === 'function';
}

/** console would print a nested object over several lines. */
function isConsole(logger: Logger): boolean {
  return typeof (logger as { table?: unknown }).table === 'function';
}

/** winston knows no back-pressure: lines pile up in it, in its transports, or in the streams behind those. */
function isStalled(logger: Logger): boolean {
  if (isFull(logger) || isFull(process.stdout)) return true;
  const { transports } = logger as { transports?: unknown };
  if (!Array.isArray(transports)) return false;
  for (const transport of transports) if (isFull(transport) || isFull(transport?._stream)) return true;
  return false;
}

/** The streams of winston are of readable-stream, which does not tell its mode: they hold lines. */
function isFull(stream: unknown): boolean {
  const { writableLength = 0, readableLength = 0, writableObjectMode } = (stream ?? {}) as Partial<Duplex>;
  return writableLength + readableLength > (writableObjectMode === false ? STALLED_BYTES : STALLED_LINES);
}
