import { understandLine } from '../../src/cli/log-line.ts';
import { isGeminiError } from '../../src/errors/gemini-error.ts';
import { inspectAnswer } from '../../src/errors/inspect-answer.ts';
import { isGeminiFailure } from '../../src/errors/is-gemini-failure.ts';
import { findJson, readJson } from '../../src/errors/read-json.ts';
import { clean, redact } from '../../src/errors/redact.ts';
import { durationMs, waitInHeaders, waitInText } from '../../src/errors/retry-info.ts';
import { eventsOf } from '../../src/errors/sse.ts';
import { understand } from '../../src/errors/understand.ts';
import { isProblem, retryAfterMs, toProblem } from '../../src/frontend/index.ts';
import { callerNetwork } from '../../src/policies/caller-address.ts';
import { tokensOf } from '../../src/policies/token-ratio.ts';
import { RequestPrompt } from '../../src/upstream/prompt.ts';
import { SseReader } from '../../src/upstream/sse.ts';
import { targetOf } from '../../src/upstream/target.ts';
import { EventWatch } from '../../src/upstream/watch.ts';
import { aCall } from '../a-call.ts';
import { CANARY_KEY } from '../support.ts';

/** A parser: takes any text, and what it returns is no matter. */
type Target = (text: string) => unknown;

const STATUSES = [undefined, 200, 400, 403, 429, 500, 503];

const { call } = aCall({ method: 'streamGenerateContent' });
const utf8 = new TextEncoder();

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A refusal of ours is an answer. */
function refusing(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    if (isGeminiError(error)) return error;
    throw error;
  }
}

export const TARGETS: Readonly<Record<string, Target>> = {
  understand: (text) => understand(text, { status: STATUSES[text.length % STATUSES.length] }),
  'understand, parsed': (text) => understand(parsed(text)),
  'understand, thrown': (text) => understand(new Error(text)),
  // Three times the text: no more than one of 64 KB in all.
  'understand, of an SDK': (text) => {
    const part = text.slice(0, 21_000);
    const kept = { name: 'ApiError', status: 429, response: { data: parsed(part) }, errorDetails: parsed(part) };
    return understand(Object.assign(new Error(part), kept));
  },
  inspectAnswer: (text) => inspectAnswer(parsed(text)),
  isGeminiFailure: (text) => isGeminiFailure(Object.assign(new Error(text), { name: 'ApiError' })),
  explain: understandLine,
  eventsOf,
  readJson,
  findJson: (text) => findJson(text, () => false),
  durationMs,
  waitInText,
  waitInHeaders: (text) => waitInHeaders({ 'retry-after': text, 'retry-after-ms': text }, () => 0),
  redact: (text) => redact(text, [CANARY_KEY]),
  clean: (text) => clean(text, 8192),
  'stream of Gemini': (text) => {
    const watch = new EventWatch(call, [CANARY_KEY]);
    const bytes = utf8.encode(text);
    for (let from = 0; from < bytes.length; from += 1 + (bytes.length >> 2)) {
      const { error } = watch.push(bytes.subarray(from, from + 1 + (bytes.length >> 2)));
      if (error) return error;
    }
    tokensOf(watch.usage);
    return refusing(() => watch.end());
  },
  'stream in small packets': (text) => {
    const reader = new SseReader();
    for (let from = 0; from < text.length; from += 100) reader.push(text.slice(from, from + 100));
    return reader.end();
  },
  toProblem,
  'toProblem, parsed': (text) => toProblem(parsed(text)),
  'toProblem, thrown': (text) => toProblem(new Error(text)),
  isProblem: (text) => isProblem(parsed(text)),
  retryAfterMs: (text) => retryAfterMs({ 'retry-after': text.replace(/[^\x20-\x7e]/g, ' ') }, parsed(text)),
  targetOf: (text) => refusing(() => targetOf(text, 'POST')),
  prompt: (text) => {
    const prompt = new RequestPrompt(
      { url: 'https://x/v1/models/y:generateContent', body: text } as never,
      async () => new Response(),
    );
    return [prompt.tokens('y'), prompt.media, prompt.isBound];
  },
  callerNetwork: (text) => callerNetwork(text, 64),
};
