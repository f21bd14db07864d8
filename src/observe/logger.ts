import { createLogger, format, transports } from 'winston';

export type Level = 'info' | 'warn' | 'error';

/** winston, pino, console, or anything with these methods. */
export interface Logger {
  info(...args: never[]): unknown;
  warn(...args: never[]): unknown;
  error(...args: never[]): unknown;
}

export type Write = (level: Level, message: string, record: Record<string, unknown>) => void;

/** Lines that may wait in a logger whose transport has stalled: winston keeps every one in memory. */
const STALLED_LINES = 1000;

/** One function for every logger. `dropped` counts what a failing or stalled logger lost: the request never notices. */
export function writerFor(logger: Logger): { write: Write; dropped: () => number } {
  let dropped = 0;
  const write: Write = (level, message, record) => {
    try {
      if (isStalled(logger)) dropped++;
      else {
        const result: unknown = isPino(logger)
          ? logger[level](record as never, message as never)
          : logger[level](
              ...((isConsole(logger) ? [JSON.stringify({ level, message, ...record })] : [message, record]) as never[]),
            );
        if (result instanceof Promise) result.catch(() => dropped++);
      }
    } catch {
      dropped++;
    }
  };
  return { write, dropped: () => dropped };
}

/** JSON lines on stdout. */
export function defaultLogger(): Logger {
  return createLogger({
    level: 'info',
    format: format.combine(format.timestamp(), format.json()),
    transports: [new transports.Console()],
  });
}

/** pino takes the record first, winston the message: each silently loses the other's. */
function isPino(logger: Logger): boolean {
  return typeof (logger as { bindings?: unknown }).bindings === 'function';
}

/** console would print a nested object over several lines. */
function isConsole(logger: Logger): boolean {
  return typeof (logger as { table?: unknown }).table === 'function';
}

function isStalled(logger: Logger): boolean {
  const { writableLength } = logger as { writableLength?: unknown };
  return typeof writableLength === 'number' && writableLength > STALLED_LINES;
}
