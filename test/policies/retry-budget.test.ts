import type { Call } from '../../src/call.ts';
import { RetryBudget } from '../../src/policies/retry-budget.ts';

const call = { host: 'gemini.test', model: 'm', method: 'generateContent' } as Call;

function held(budget: RetryBudget): number | undefined {
  return budget.status()['gemini.test m'];
}

test('a retry costs five of 500 tokens', () => {
  const budget = new RetryBudget();
  expect(budget.take(call)).toBe(5);
  expect(held(budget)).toBe(495);
});

test('the last tokens can be spent, and what costs more than is left is not made', () => {
  const budget = new RetryBudget();
  for (let i = 0; i < 100; i++) {
    expect(budget.has(call)).toBe(true);
    expect(budget.take(call)).toBe(5);
  }
  expect(held(budget)).toBe(0);
  budget.giveBack(call, 4);
  expect(budget.has(call)).toBe(false);
  expect(budget.take(call)).toBeUndefined();
  expect(held(budget)).toBe(4);
  budget.giveBack(call, 1);
  expect(budget.has(call)).toBe(true);
  expect(held(budget)).toBe(5);
});

test('a success gives back what its retries have cost, or one token where it needed none, up to the whole', () => {
  const budget = new RetryBudget();
  for (let i = 0; i < 4; i++) budget.take(call);
  budget.succeed(call, 10);
  expect(held(budget)).toBe(490);
  budget.succeed(call, 0);
  expect(held(budget)).toBe(491);
  budget.giveBack(call, 100);
  expect(held(budget)).toBe(500);
});

test('each host and model has tokens of its own, and a call that names no model those of its method', () => {
  const budget = new RetryBudget();
  budget.take(call);
  budget.succeed({ ...call, model: 'other' }, 0);
  budget.succeed({ ...call, host: 'elsewhere.test' }, 0);
  budget.succeed({ ...call, model: '', method: 'files.list' }, 0);
  expect(budget.status()).toEqual({
    'gemini.test m': 495,
    'gemini.test other': 500,
    'elsewhere.test m': 500,
    'gemini.test files.list': 500,
  });
});
