import { readJson } from '../errors/read-json.ts';
import { httpStatus, isObject, read, readText } from '../errors/safe.ts';

/** One thing that a log line holds, for `understand()`. */
export interface Said {
  readonly input: unknown;
  readonly status: number | undefined;
}

/** What every logger adds of its own, and what no error of Google's has. */
const MARKS = [
  ...['level', 'severity', 'lvl', 'levelname', 'loglevel', 'log.level', '@l', 'PRIORITY'],
  ...['time', 'ts', '@timestamp', '@t', 'asctime'],
];
const CONTAINERS = ['log', 'textPayload', 'jsonPayload', '@message', 'short_message'];

/** Where loggers keep an error, the precise first: winston's message repeats the error's behind words of its own. */
const FIELDS = ['err', 'error', 'exception', 'exc', 'reason', 'cause', 'response', 'body', 'data', 'message'];
const TEXTS = [
  ...['textPayload', 'log', '@message', 'stack', 'message', 'msg', 'event', 'exc_info', 'detail'],
  // GELF, the journal, Serilog.
  ...['full_message', 'short_message', 'MESSAGE', '@x', '@m'],
];

/** Whether an object was written by a logger, and is no body of Google's. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (!isObject(value)) return false;
  if (CONTAINERS.some((name) => read(value, name) !== undefined)) return true;
  const marked = MARKS.some((name) => read(value, name) !== undefined);
  return marked || (read(value, 'timestamp') !== undefined && typeof read(value, 'message') === 'string');
}

/** A line of JSON, whole or after something that nobody knows, e.g. `web-1 [x] {"level":...}`. */
export function recordIn(line: string): Readonly<Record<string, unknown>> | undefined {
  const text = line.trim();
  for (
    let start = text.indexOf('{'), tries = 0;
    start >= 0 && tries < 4;
    start = text.indexOf('{', start + 1), tries++
  ) {
    const value = readJson(text.slice(start));
    if (value !== undefined) return isRecord(value) ? value : undefined;
  }
  return undefined;
}

/** logfmt: `level=error msg="..." status=429`. Nothing for a text that is none. */
export function logfmtIn(line: string): Readonly<Record<string, unknown>> | undefined {
  if (!/^[\w.@-]{1,40}=/.test(line) || !/(?:^|\s)(?:level|lvl|severity|msg)=/.test(line)) return undefined;
  const record: Record<string, unknown> = {};
  for (const [, name = '', quoted, bare = ''] of line.matchAll(
    /(?<![\w.@-])([\w.@-]{1,40})=(?:("(?:[^"\\]|\\.)*")|(\S*))/g,
  )) {
    const value = quoted === undefined ? bare : readJson(quoted);
    record[name] = typeof value === 'string' && /^\d{3}$/.test(value) ? Number(value) : value;
  }
  return record;
}

/** All that a record says of a failure, what is most precise first. */
export function saidBy(record: Readonly<Record<string, unknown>>): Said[] {
  const payload = read(record, 'jsonPayload');
  if (isObject(payload)) return saidBy(payload);
  const outer = statusOf(record);
  const fields = FIELDS.map((name) => read(record, name)).filter(
    // A message that is a text is looked at after the stack, which has the error's own words.
    (value) => isObject(value) || (typeof value === 'string' && value !== '' && value !== read(record, 'message')),
  );
  const texts = TEXTS.map((name) => readText(record, name)).filter((text) => text !== undefined && text !== '');
  return [...fields, ...texts].map((value) => ({ input: asError(value), status: statusOf(value) ?? outer }));
}

/** A failing status beside an error. That of a success says nothing about the failure. */
function statusOf(value: unknown): number | undefined {
  for (const owner of [value, read(value, 'response'), read(value, 'res')]) {
    for (const name of ['status', 'statusCode', 'status_code', 'httpStatus', 'http_status', 'http.status']) {
      const status = httpStatus(read(owner, name));
      if (status !== undefined && status >= 400) return status;
    }
  }
  return undefined;
}

/** What loggers make of an error that has no facts of its own. */
const WORDS: ReadonlySet<string> = new Set([
  ...['type', 'name', 'message', 'stack', 'stack_trace', 'status', 'statusCode'],
  ...['errorType', 'errorMessage', 'stackTrace'],
]);

/** An error that pino has written has its class in `type`; one of AWS Lambda has other names for all of it. */
function asError(value: unknown): unknown {
  if (!isObject(value)) return value;
  const said = readText(value, 'errorMessage') ?? readText(value, 'message');
  // Nothing but words: a text like any other.
  if (said !== undefined && said !== '' && Object.keys(value).every((name) => WORDS.has(name))) return said;
  const type = readText(value, 'type', 128);
  return type !== undefined && readText(value, 'name') === undefined ? { ...value, name: type } : value;
}
