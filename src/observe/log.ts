import { KINDS } from '../errors/kinds.ts';
import { clean } from '../errors/redact.ts';
import { either, shape } from '../options.ts';
import type { Part } from '../part.ts';
import type { AlertEvent, AlertName } from './alert.ts';
import type { AnswerEvent, EventName, GuardEvents } from './events.ts';
import { consoleWriter, type Level, type Logger, writerFor } from './logger.ts';

const METHODS = [shape('', 'info', 'warn', 'error'), shape('', 'info', 'warning', 'error')];
const LOGGER = either('a logger with info, warn and error (winston, pino or console)', (value) =>
  METHODS.some((methods) => methods.test(value)),
);

/** Longest text in a line: names come from outside. */
const TEXT_MOST = 200;

/**
 * One line a request, and one for each thing that somebody has to act on. Never a prompt, a key or a text of Google's.
 * @param logger default JSON lines on stdout, by winston
 */
export function logPart(logger?: Logger): Part {
  if (logger !== undefined && !LOGGER.test(logger)) throw new TypeError(`log: expected ${LOGGER.expected}, or false.`);
  const { write, dropped, close } = logger ? writerFor(logger) : consoleWriter();
  const lines: { [E in EventName]?: (data: GuardEvents[E]) => void } = {
    answer: (data) =>
      write(levelOf(data), 'gemini-guard request', safe(data.traceId === undefined ? data : traced(data))),
    alert: (data) => {
      if (HAVE_LINES.has(data.name)) return;
      const what = data.state === 'firing' ? 'alert' : 'alert resolved';
      write(alertLevel(data), `gemini-guard ${what}: ${data.name}`, safe(data));
    },
    circuit: (data) => {
      // How long a call waited stands in the line of its request.
      if (data.state === 'waited' || data.state === 'rejected') return;
      write(data.state === 'open' ? 'error' : 'info', `gemini-guard circuit ${data.state}`, safe(data));
    },
    // That it was lost is a warning, with its reason in words.
    store: (data) => data.state === 'back' && write('info', 'gemini-guard store back', { ...data }),
    failover: (data) => {
      // What was too long for a model stands in the line of its request.
      if (data.kind === 'context_too_long') return;
      const cure = data.kind === undefined ? undefined : KINDS[data.kind].cure;
      const message = `gemini-guard failover: ${data.state === 'back' ? 'back from' : 'to'} ${clean(data.to, TEXT_MOST)}`;
      write(data.state === 'back' ? 'info' : 'warn', message, safe({ ...data, cure }));
    },
    warning: ({ code, message }) => write('warn', `gemini-guard ${code}: ${message}`, { code }),
  };
  return {
    name: 'log',
    observe(event, data) {
      (lines[event] as ((given: typeof data) => void) | undefined)?.(data);
    },
    status: () => ({ dropped: dropped() }),
    close,
  };
}

/** With the trace under the name that collectors look for. */
function traced({ traceId, ...record }: AnswerEvent): object {
  return { ...record, trace_id: traceId };
}

/** Circuits and Redis are told by their own events, each change of them. */
const HAVE_LINES: ReadonlySet<AlertName> = new Set<AlertName>(['circuit_opened', 'redis_lost']);

/** error: nobody could help the visitor. warn: something was refused, waited for or repeated. */
function levelOf({ status, code, waitsMs, attempts }: AnswerEvent): Level {
  if (code === 'client_closed') return 'info';
  if (status >= 500 || (code !== 'ok' && status < 400)) return 'error';
  return code !== 'ok' || waitsMs.length > 0 || attempts > 1 ? 'warn' : 'info';
}

function alertLevel({ state, severity }: AlertEvent): Level {
  if (state === 'resolved') return 'info';
  return severity === 'critical' ? 'error' : 'warn';
}

/** One line stays one line, and none of its values can be taken for a field of the logger's own. */
function safe(event: object): Record<string, unknown> {
  const record = event as Record<string, unknown>;
  let cleaned: Record<string, unknown> | undefined;
  for (const name in record) {
    const value = record[name];
    if (typeof value !== 'string' || PLAIN.test(value)) continue;
    cleaned ??= { ...record };
    cleaned[name] = clean(value, TEXT_MOST);
  }
  return cleaned ?? record;
}

/** What nearly all texts of a line are, and what cleaning would leave as it is. */
const PLAIN = /^[!-~](?:[ -~]{0,198}[!-~])?$/;
