import { finishName, kindOfFinish } from './finish.ts';
import type { Kind } from './kinds.ts';
import { isObject, items, keysOf, read, readText } from './safe.ts';

/** What an answer of HTTP 200 says about itself. */
export interface Verdict {
  readonly kind: Kind;
  /** The finishReason or blockReason. */
  readonly reason: string | undefined;
  readonly content: boolean;
}

/** One answer, or the events of one stream folded into it. */
export interface Answer {
  /** Something that looks like an answer was seen at all. */
  seen: boolean;
  blocked: string | undefined;
  finish: string | undefined;
  content: boolean;
  model: string | undefined;
}

/** Parts that carry nothing for the reader of an answer. */
const SILENT: ReadonlySet<string> = new Set([
  'thought',
  'thoughtSignature',
  'thought_signature',
  'partMetadata',
  'videoMetadata',
]);

export function noAnswer(): Answer {
  return { seen: false, blocked: undefined, finish: undefined, content: false, model: undefined };
}

/** True for a body of generateContent, also wrapped as Code Assist and batches do (`{response: {...}}`). */
export function looksLikeAnswer(body: unknown): boolean {
  const inner = unwrapped(body);
  return [
    'candidates',
    'promptFeedback',
    'prompt_feedback',
    'usageMetadata',
    'choices',
    'modelVersion',
    'predictions',
  ].some((key) => read(inner, key) !== undefined);
}

function unwrapped(body: unknown): unknown {
  const response = read(body, 'response');
  return isObject(response) && read(body, 'candidates') === undefined ? response : body;
}

/** Adds one body or event of a stream. */
export function addAnswer(answer: Answer, body: unknown): void {
  const inner = unwrapped(body);
  answer.seen = true;
  answer.model ??= readText(inner, 'modelVersion', 256);
  const feedback = read(inner, 'promptFeedback') ?? read(inner, 'prompt_feedback');
  answer.blocked ??= blockReason(feedback);
  addPredictions(answer, inner);
  for (const candidate of items(read(inner, 'candidates') ?? read(inner, 'choices'), 8)) {
    const finish = finishName(read(candidate, 'finishReason') ?? read(candidate, 'finish_reason'));
    const content = hasContent(candidate);
    answer.content ||= content;
    if (finish === undefined) continue;
    // Several candidates: the first reason that is a failure explains the answer.
    if (kindOfFinish(answer.finish, true) === undefined) answer.finish = finish;
  }
}

/** Imagen and Veo: what was filtered stands beside what was not, and anything that was not is an answer. */
function addPredictions(answer: Answer, inner: unknown): void {
  const videos = read(inner, 'generateVideoResponse') ?? inner;
  const filtered =
    items(read(videos, 'raiMediaFilteredReasons'), 1).length > 0 || Number(read(videos, 'raiMediaFilteredCount')) > 0;
  if (filtered) answer.finish ??= 'CONTENT_FILTER';
  for (const prediction of items(read(inner, 'predictions'), 64)) {
    if (readText(prediction, 'raiFilteredReason') !== undefined) answer.finish ??= 'CONTENT_FILTER';
    else if (isObject(prediction)) answer.content = true;
  }
  if (answer.content && answer.finish === 'CONTENT_FILTER') answer.finish = undefined;
}

/** The verdict on a whole answer; undefined when it is fine, or cut short but with content. */
export function verdictOf(answer: Answer): Verdict | undefined {
  const { blocked, finish, content } = answer;
  if (blocked !== undefined && !content) return { kind: 'blocked_prompt', reason: blocked, content };
  const kind = kindOfFinish(finish, content);
  return kind === undefined ? undefined : { kind, reason: finish, content };
}

/** A blockReason, or another sign in promptFeedback that the prompt was refused. */
function blockReason(feedback: unknown): string | undefined {
  const reason = read(feedback, 'blockReason') ?? read(feedback, 'block_reason');
  if (typeof reason === 'number') return reason === 0 ? undefined : (BLOCKS[reason - 1] ?? 'OTHER');
  if (typeof reason === 'string' && reason !== '' && !/UNSPECIFIED$/.test(reason)) return reason.slice(0, 64);
  if (readText(feedback, 'blockReasonMessage')) return 'OTHER';
  return items(read(feedback, 'safetyRatings'), 32).some((rating) => read(rating, 'blocked') === true)
    ? 'SAFETY'
    : undefined;
}

const BLOCKS: readonly string[] = ['SAFETY', 'OTHER', 'BLOCKLIST', 'PROHIBITED_CONTENT', 'IMAGE_SAFETY'];

function hasContent(candidate: unknown): boolean {
  const content = read(candidate, 'content') ?? read(candidate, 'message') ?? read(candidate, 'delta');
  if (readText(content, 'content')) return true;
  if (items(read(content, 'tool_calls'), 1).length > 0) return true;
  return items(read(content, 'parts'), 256).some(isContent);
}

/** Text, calls, data, code and its results are content; thoughts and empty texts are not. */
function isContent(part: unknown): boolean {
  if (read(part, 'thought') === true) return false;
  return keysOf(part).some((key) => !SILENT.has(key) && (key !== 'text' || read(part, 'text') !== ''));
}
