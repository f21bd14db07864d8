import { Writable } from 'node:stream';
import { inspect } from 'node:util';
import { ApiError } from '@google/genai';
import pino from 'pino';
import { createLogger, format, type Logger, transports } from 'winston';

/** How one failure ends up in a log: its text, and the failing HTTP status where there was one. */
export type LogFormat = (text: string, status?: number) => string;

/** What the SDK throws; of what never was an answer with a status, an Error. */
function errorOf(message: string, status?: number): Error & { status?: number } {
  return status === undefined ? new Error(message) : new ApiError({ message, status });
}

function withStatus(status: number | undefined, text: string): string {
  return status === undefined ? text : `HTTP ${status}: ${text}`;
}

let written = '';
const stream = new Writable({
  write(chunk, _encoding, done) {
    written += chunk;
    done();
  },
});
const loggers = new Map<unknown, Logger>();

/** What winston writes. */
function byWinston(made: Parameters<typeof createLogger>[0], use: (logger: Logger) => void): string {
  const logger = loggers.get(made) ?? createLogger({ ...made, transports: [new transports.Stream({ stream })] });
  loggers.set(made, logger);
  written = '';
  use(logger);
  return written.trimEnd();
}

/** What pino writes. */
function byPino(use: (logger: pino.Logger) => void): string {
  let written = '';
  use(
    pino(
      {},
      {
        write(line: string) {
          written += line;
        },
      },
    ),
  );
  return written.trimEnd();
}

const json = { format: format.combine(format.timestamp(), format.json()) };
const errors = { format: format.combine(format.errors({ stack: true }), format.timestamp(), format.json()) };
const simple = { format: format.combine(format.colorize(), format.simple()) };
const printf = {
  format: format.combine(
    format.timestamp(),
    format.printf(
      ({ timestamp, level, message, status }) =>
        `${timestamp} [${level}] ${message}${status ? ` (status ${status})` : ''}`,
    ),
  ),
};
const TIME = '2026-11-25T16:48:20.429Z';

/** Loggers and collectors as people run them, real ones where npm has them. */
export const LOG_FORMATS: Readonly<Record<string, LogFormat>> = {
  'winston, JSON': (text, status) => byWinston(json, (log) => log.error(text, { status })),
  'winston, an error as meta': (text, status) =>
    byWinston(errors, (log) => log.error('Gemini call failed', errorOf(text, status))),
  'winston, the parts of an error': (text, status) =>
    byWinston(json, (log) => {
      const { name, message, stack } = errorOf(text, status);
      log.child({ service: 'api' }).error('Gemini call failed', { error: { name, message, stack, status } });
    }),
  'winston, simple': (text, status) => byWinston(simple, (log) => log.error(text, { status })),
  'winston, printf': (text, status) => byWinston(printf, (log) => log.error(text, { status })),
  'pino, err': (text, status) => byPino((log) => log.error({ err: errorOf(text, status) }, 'Gemini call failed')),
  'pino, msg': (text, status) => byPino((log) => log.child({ route: '/ask' }).error({ status }, text)),
  'pino-pretty': (text, status) =>
    `[16:48:20.429] \x1b[31mERROR\x1b[39m (1234): Gemini call failed\n    err: {\n      "type": "ApiError",\n      "message": ${JSON.stringify(text)},\n      "stack":\n          ApiError: something\n              at ask (file:///app/server.js:3:14)\n      "status": ${status ?? null}\n    }`,
  'console.error of an error': (text, status) => inspect(errorOf(text, status)),
  'console.error of an object': (text, status) =>
    `Gemini call failed ${inspect({ status, error: text }, { maxStringLength: null })}`,
  'console.error with a time': (text, status) => `[${TIME}] ERROR [gemini] ${withStatus(status, text)}`,
  'docker, json-file': (text, status) =>
    JSON.stringify({ log: `${inspect(errorOf(text, status))}\n`, stream: 'stderr', time: TIME }),
  'Kubernetes, of pino': (text, status) =>
    `${TIME} stderr F ${byPino((log) => log.error({ err: errorOf(text, status) }, 'failed'))}`,
  'docker compose, of winston': (text, status) => `web-1  | ${byWinston(json, (log) => log.error(text, { status }))}`,
  'the journal': (text, status) => `Nov 25 16:48:20 host-1 node[4711]: error: ${withStatus(status, text)}`,
  'Cloud Logging, jsonPayload': (text, status) =>
    JSON.stringify({ severity: 'ERROR', timestamp: TIME, jsonPayload: { message: text, status } }),
  'Cloud Logging, textPayload': (text, status) =>
    JSON.stringify({ severity: 'ERROR', timestamp: TIME, textPayload: withStatus(status, text) }),
  "Python's logging": (text, status) => `2026-11-25 16:48:20,429 - app.gemini - ERROR - ${withStatus(status, text)}`,
  logfmt: (text, status) =>
    `time=${TIME} level=error msg="call failed" ${status ? `status=${status} ` : ''}err=${JSON.stringify(text)}`,
  'a string of JSON': (text, status) => JSON.stringify(withStatus(status, text)),
  'AWS Lambda': (text, status) => `${TIME}\t8f507cfc-aaaa-4697-b07a-ac58fc914c95\tERROR\t${withStatus(status, text)}`,
  'AWS Lambda, JSON': (text, status) =>
    JSON.stringify({
      timestamp: TIME,
      level: 'ERROR',
      message: { errorType: 'ApiError', errorMessage: withStatus(status, text) },
    }),
  Nest: (text, status) => `[Nest] 1234  - 11/25/2026, 4:48:20 PM   ERROR [GeminiService] ${withStatus(status, text)}`,
  'Spring Boot': (text, status) =>
    `2026-11-25 16:48:20.429 ERROR 1 --- [nio-8080-exec-1] c.e.GeminiService : ${withStatus(status, text)}`,
  "Ruby's logger": (text, status) => `E, [2026-11-25T16:48:20.429 #123] ERROR -- : ${withStatus(status, text)}`,
  GELF: (text, status) =>
    JSON.stringify({ version: '1.1', host: 'h', short_message: withStatus(status, text), level: 3, timestamp: 1 }),
  'the journal, JSON': (text, status) => JSON.stringify({ MESSAGE: withStatus(status, text), PRIORITY: '3' }),
  'Elastic Common Schema': (text, status) =>
    JSON.stringify({
      '@timestamp': TIME,
      'log.level': 'error',
      message: 'failed',
      error: { type: 'ApiError', message: withStatus(status, text) },
    }),
};
