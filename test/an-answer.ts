import type { AnswerEvent } from '../src/observe/events.ts';
import { MODEL } from './support.ts';

/** The record of a request that went well. */
export function anAnswer(more: Partial<AnswerEvent> = {}): AnswerEvent {
  return {
    startedAt: '2026-11-24T12:00:00.000Z',
    requestId: 'request-1',
    route: 'POST /ask',
    code: 'ok',
    status: 200,
    model: MODEL,
    key: 'k1',
    attempts: 1,
    waitsMs: [],
    tokens: { input: 1, output: 2, cached: 0, thoughts: 0, tools: 0 },
    durationMs: 5,
    upstreamMs: 4,
    ...more,
  };
}
