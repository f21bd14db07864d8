import { addErrorObject, addText, type Evidence, noEvidence } from './evidence.ts';
import { type Answer, addAnswer, looksLikeAnswer, noAnswer } from './in-band.ts';
import { addLoose } from './loose.ts';
import { isHtml, plain } from './plain-text.ts';
import { findJson, readJson } from './read-json.ts';
import { isList, isObject, items, MAX_TEXT, read, readText, valuesOf } from './safe.ts';
import { eventsOf } from './sse.ts';

/** JSON in JSON in JSON: three levels were seen, relays of relays make more. */
const MAX_LEVELS = 10;

/** What was found under all wrappers. */
export interface Peeled {
  readonly evidence: Evidence;
  /** The answer that the input turned out to be, a whole one or a stream's. */
  readonly answer: Answer;
  /** True for events or a list: an answer in pieces, whose last one says how it ended. */
  readonly stream: boolean;
}

/** Fields that hold what somebody said, in order of trust. */
const MESSAGES = ['message', 'detail', 'error_description', 'errorMessage', 'msg', 'description', 'title'];

/** Takes off one wrapper after the other; what an inner one says replaces what the outer one said. Never recurses. */
export function peel(input: unknown): Peeled {
  const evidence = noEvidence();
  const answer = noAnswer();
  let stream = false;
  let current = input;
  for (let level = 0; level <= MAX_LEVELS && current !== undefined; level++) {
    if (typeof current === 'string') {
      const text = current.slice(0, MAX_TEXT);
      const events = eventsOf(text);
      current = events.length > 0 ? events : peelText(evidence, text);
    } else if (isList(current)) {
      current = peelList(answer, current);
      stream ||= answer.seen;
    } else current = peelObject(evidence, answer, current);
  }
  // JSON without any known field: a stranger's envelope. Its text may still tell.
  if (typeof input === 'string' && evidence.text === '' && !answer.seen) {
    addLoose(evidence, addText(evidence, input.slice(0, MAX_TEXT)));
  }
  return { evidence, answer, stream };
}

function peelText(evidence: Evidence, text: string): unknown {
  const whole = readJson(text);
  if (typeof whole === 'string' || isObject(whole)) return whole;
  const inner = findJson(text, tells);
  if (inner !== undefined) {
    // `got status: UNAVAILABLE. {...}`: the words in front count where the JSON is silent.
    addLoose(evidence, plain(text.slice(0, text.search(/[[{]/))));
    return inner;
  }
  evidence.html ||= isHtml(text);
  addLoose(evidence, addText(evidence, text));
  return undefined;
}

/** A body of the streaming endpoint is a list of answers, in which an error may stand anywhere. */
function peelList(answer: Answer, list: readonly unknown[]): unknown {
  const some = items(list, 1024);
  const failed = some.find((item) => hasError(item));
  if (failed !== undefined) return failed;
  const answers = some.filter((item) => looksLikeAnswer(item));
  for (const item of answers) addAnswer(answer, item);
  return answers.length > 0 ? undefined : (some.find(tells) ?? some.find((item) => isObject(item) || isText(item)));
}

function peelObject(evidence: Evidence, answer: Answer, value: unknown): unknown {
  const error = read(value, 'error');
  if (isObject(error) || (isList(error) && tells(error))) {
    addErrorObject(evidence, value);
    return error;
  }
  if (looksLikeAnswer(value)) {
    addAnswer(answer, value);
    return undefined;
  }
  addErrorObject(evidence, value);
  const said = MESSAGES.map((key) => readText(value, key)).find((text) => text);
  return enclosed(value) ?? said ?? error;
}

/** An error that a relay keeps as JSON text beside its own words, e.g. in `metadata.raw`. */
function enclosed(value: unknown): unknown {
  for (const owner of [value, read(value, 'metadata')]) {
    for (const text of valuesOf(owner, 32)) {
      const inner = isText(text) && text.length <= MAX_TEXT ? readJson(text) : undefined;
      if (tells(inner)) return inner;
    }
  }
  return undefined;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function hasError(item: unknown): boolean {
  const error = read(item, 'error');
  return isObject(error) || (typeof error === 'string' && error !== '');
}

/**
 * True for JSON that is an error or an answer. A message alone is not enough: prompts, logs and the details of an error
 * hold JSON of their own.
 */
function tells(value: unknown): boolean {
  if (isList(value)) return items(value, 1024).some((item) => isObject(item) && tells(item));
  if (hasError(value) || looksLikeAnswer(value)) return true;
  const coded = read(value, 'code') !== undefined || read(value, 'status') !== undefined;
  return coded && MESSAGES.some((key) => typeof read(value, key) === 'string');
}
