import type { Guard } from '../../../src/index.ts';
import type { Face } from '../virtual-clock.ts';
import type { Ask, History } from './history.ts';
import type { Question } from './settings.ts';

/** In the shape of a real one, and the same everywhere but for its project. */
export function keyOf(project: string): string {
  return ['AI', 'zaSyCANARY', '0123456789abcdefghijklmn', '-', project].join('');
}

/** What no log and no answer may show. */
export const SECRETS: readonly string[] = [['AI', 'zaSyCANARY'].join(''), 'P-CANARY'];

/** Who asks, and where the pieces of a stream go. */
export interface Asker {
  readonly history: History;
  readonly clock: Face;
  readonly guard: Guard;
  readonly visitor: number;
  readonly process: number;
  readonly project: string;
  /** Since when his time runs; undefined where each call has its own. */
  readonly startedAt: () => number | undefined;
  readonly signal?: AbortSignal;
  readonly write?: (chunk: Uint8Array) => void;
}

/** Some read for longer than their time is. */
const SLOW_MS = 1500;

/** One call as an SDK makes it, read to its end or left. */
export async function ask(asker: Asker, question: Question): Promise<string> {
  const { history, clock, guard, visitor, process, project, signal } = asker;
  const { model, isStream, reading, length } = question;
  const at = clock.now();
  const entry: Ask = {
    visitor,
    process,
    at,
    order: history.next(),
    model,
    isStream,
    startedAt: asker.startedAt() ?? at,
    signal,
  };
  history.asks.push(entry);
  const method = isStream ? 'streamGenerateContent?alt=sse' : 'generateContent';
  const headers = {
    'content-type': 'application/json',
    'x-goog-api-key': keyOf(project),
    'x-ask': String(history.asks.length - 1),
  };
  const body = `{"contents":[{"parts":[{"text":"P-CANARY ${'x'.repeat(length)}"}]}]}`;
  const url = `https://generativelanguage.googleapis.com/v1beta/models/${model}:${method}`;
  try {
    const response = await guard.fetch(url, { method: 'POST', headers, body, ...(signal ? { signal } : {}) });
    entry.answeredAt = clock.now();
    if (!isStream) return await response.text();
    return reading === 'forgets' ? '' : await read(asker, question, response);
  } catch (error) {
    entry.error = error;
    throw error;
  } finally {
    entry.endedAt = clock.now();
    entry.endedOrder = history.next();
  }
}

async function read({ clock, write }: Asker, { reading }: Question, response: Response): Promise<string> {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text;
    text += Buffer.from(value).toString();
    write?.(value);
    if (reading === 'slow') await clock.pass(SLOW_MS);
    if (reading !== 'leaves') continue;
    // As a loop of the SDK does it at a `break`.
    reader.releaseLock();
    return text;
  }
}
