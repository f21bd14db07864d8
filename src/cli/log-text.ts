import { readJson } from '../errors/read-json.ts';
import { isObject, read } from '../errors/safe.ts';
import type { Said } from './log-record.ts';

type Way = (text: string, status: number | undefined) => Said | undefined;

/** The message of an error as pino-pretty prints it below the line. */
const PRETTY = /^ {2,8}err(?:or)?: \{\n(?:\s+"type": .{1,200}\n)?\s+"message": ("(?:[^"\\]|\\.)*"),?$/m;
/** An error as Node prints it: class, message, stack, own properties. */
const PRINTED =
  /^(?:Uncaught )?[A-Za-z][\w.$]{0,60}(?:Error|Exception)?(?: \[[\w.-]{1,40}\])?: ([\s\S]*?)\n\s{2,8}at [\s\S]*$/;
/** A string as Node prints it inside an object: long ones in pieces, each in the quotes that suit it. */
const LITERAL = /(?<!\\)(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`)/;
const FIELD = new RegExp(
  `\\b(?:error|err|message|body|data|cause|reason):\\s{1,8}((?:${LITERAL.source})(?: \\+\\n\\s{0,80}(?:${LITERAL.source})){0,400})`,
);
/** A stream of events behind words. */
const EVENTS = /(?:\bevent: \w{1,40}\r?\n)?\bdata: ?[{[]/;
/** What winston's `simple` puts behind a message. */
const META = /\s(\{[^{}]{1,1000}\})$/;
/** A status in front of the message, or behind it. */
const STATED = /^HTTP(?:\/\d(?:\.\d)?)? ([45]\d\d):?\s|\s\(status(?: code)?:? ([45]\d\d)\)$/;
/** The status among other properties, in any notation. */
const STATUS = /["']?\bstatus(?:Code)?["']?: ([45]\d\d)\b/;

const pretty: Way = (text, status) => {
  const message = readJson(PRETTY.exec(text)?.[1] ?? '');
  return typeof message === 'string' ? { input: message, status: number(STATUS.exec(text)) ?? status } : undefined;
};

const printed: Way = (text, status) => {
  const message = PRINTED.exec(text)?.[1];
  if (message === undefined) return undefined;
  return { input: message, status: number(STATUS.exec(text.slice(text.indexOf(message) + message.length))) ?? status };
};

const field: Way = (text, status) => {
  if (!/^(?:[^{]{0,200} )?\{ ?\n?/.test(text)) return undefined;
  const pieces = FIELD.exec(text)?.[1]?.match(new RegExp(LITERAL.source, 'g')) ?? [];
  const values = pieces.map(unquoted);
  if (values.length === 0 || values.includes(undefined)) return undefined;
  return { input: values.join(''), status: number(STATUS.exec(text)) ?? status };
};

const events: Way = (text, status) => {
  const start = text.search(EVENTS);
  return start > 0 ? { input: text.slice(start), status } : undefined;
};

const meta: Way = (text, status) => {
  const value = readJson(META.exec(text)?.[1] ?? '');
  const known = ['status', 'timestamp', 'service', 'requestId'].some((name) => read(value, name) !== undefined);
  if (!isObject(value) || !known) return undefined;
  return {
    input: text.replace(META, ''),
    status: number(STATUS.exec(JSON.stringify(value).replaceAll(':', ': '))) ?? status,
  };
};

const stated: Way = (text, status) => {
  const found = STATED.exec(text);
  return found ? { input: text.replace(STATED, ''), status: number(found) ?? status } : undefined;
};

/** What a text of several parts holds of an error; nothing where the text is the error. */
export function insideText(text: string, status: number | undefined): Said[] {
  for (const way of [pretty, printed, field, meta, stated, events]) {
    const said = way(text, status);
    if (said !== undefined) return [said];
  }
  return [];
}

function number(found: RegExpExecArray | null): number | undefined {
  const text = found?.[1] ?? found?.[2];
  return text === undefined ? undefined : Number(text);
}

/** The value of a string literal of JavaScript's. */
function unquoted(literal: string): string | undefined {
  const quote = literal[0] as string;
  const body = literal.slice(1, -1);
  const json = quote === '"' ? body : body.replaceAll('"', '\\"').replaceAll(`\\${quote}`, quote);
  const value = readJson(`"${json}"`);
  return typeof value === 'string' ? value : undefined;
}
