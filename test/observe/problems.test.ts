import type { Kind } from '../../src/errors/kinds.ts';
import { joined, Problems } from '../../src/observe/problems.ts';
import { anAnswer } from '../an-answer.ts';
import { ManualClock, MODEL } from '../support.ts';

function stage(): { clock: ManualClock; problems: Problems; attempt(kind?: Kind, key?: string, model?: string): void } {
  const clock = new ManualClock();
  const problems = new Problems(clock);
  return {
    clock,
    problems,
    attempt(kind, key = 'k1', model = MODEL) {
      const failed = kind === undefined ? {} : { kind };
      const more = { requestId: 'r', method: 'generateContent', attempt: 1, durationMs: 5 };
      problems.observe('attempt', { ...more, model, key, ...failed });
    },
  };
}

test('one problem is one entry, with its attempts and with the visitors who were told', () => {
  const { problems, attempt, clock } = stage();
  attempt('model_overloaded');
  attempt('model_overloaded', 'k2');
  clock.advance(1000);
  attempt('model_overloaded');
  problems.observe('answer', anAnswer({ kind: 'model_overloaded', code: 'overloaded', source: 'upstream' }));
  attempt();
  problems.observe('answer', anAnswer());
  const at = clock.date();
  expect(problems.list()).toEqual([{ at, kind: 'model_overloaded', model: MODEL, key: '', attempts: 3, visitors: 1 }]);
});

test('what is about a key is another problem for each key', () => {
  const { problems, attempt } = stage();
  attempt('invalid_credentials', 'k1');
  attempt('invalid_credentials', 'k2');
  expect(problems.list().map(({ key }) => key)).toEqual(['k1', 'k2']);
});

test('a visitor who left and a call that was given up are none', () => {
  const { problems, attempt } = stage();
  attempt('cancelled');
  problems.observe('answer', anAnswer({ kind: 'client_closed', code: 'client_closed' }));
  expect(problems.list()).toEqual([]);
});

test('twenty are kept, those that happened last', () => {
  const { problems, attempt } = stage();
  attempt('upstream_internal');
  for (let i = 0; i < 30; i++) {
    attempt('model_overloaded', 'k1', `model-${i}`);
    attempt('upstream_internal');
  }
  const kept = problems.list();
  expect(kept).toHaveLength(20);
  expect(kept.at(-1)).toMatchObject({ kind: 'upstream_internal', attempts: 31 });
});

test('of several processes they add up, the last first', () => {
  const [one, two] = [stage(), stage()];
  one.attempt('model_overloaded');
  two.clock.advance(1000);
  two.attempt('model_overloaded');
  two.clock.advance(1000);
  two.attempt('upstream_internal');
  expect(joined([one.problems.list(), two.problems.list()])).toMatchObject([
    { kind: 'upstream_internal', attempts: 1 },
    { kind: 'model_overloaded', attempts: 2, at: one.clock.date() + 1000 },
  ]);
  // What was joined is not what was given.
  expect(one.problems.list()).toMatchObject([{ attempts: 1 }]);
});
