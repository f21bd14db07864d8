import fc from 'fast-check';
import type { Call } from '../../src/call.ts';
import { GeminiError } from '../../src/errors/gemini-error.ts';
import { KINDS } from '../../src/errors/kinds.ts';
import { retryPart } from '../../src/policies/retry.ts';
import { RetryBudget } from '../../src/policies/retry-budget.ts';
import type { Policy } from '../../src/policy.ts';
import { aCall } from '../a-call.ts';
import { kind } from './arbitraries.ts';
import { atMost, below, property, same } from './property.ts';

const CAPACITY = 500;
const COST = 5;
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const settings = fc.record({
  attempts: fc.integer({ min: 1, max: 10 }),
  baseMs: fc.nat(10_000),
  maxMs: fc.nat(60_000),
});
const failure = fc
  .tuple(kind, fc.option(fc.nat(70_000), { nil: undefined }))
  .map(([name, retryAfterMs]) => new GeminiError(name, { retryAfterMs }));

interface Wait {
  attempt: number;
  waitMs: number;
  error: GeminiError;
  at: number;
}

/** Runs one call to its end; time passes whenever it waits. */
async function play(
  errors: GeminiError[],
  options: object,
  chance: () => number,
  deadline: number,
): Promise<{ calls: number[]; waits: Wait[]; outcome: unknown }> {
  const calls: number[] = [];
  const waits: Wait[] = [];
  const { call, clock } = aCall({
    random: chance,
    deadline,
    emit: ((_: string, { attempt, waitMs }: { attempt: number; waitMs: number }) => {
      waits.push({ attempt, waitMs, error: errors[attempt - 1] as GeminiError, at: clock.now() });
      queueMicrotask(() => clock.advance(waitMs));
    }) as never,
  });
  const outcome = await (retryPart(options).policy as Policy)({ ...call, clock }, async () => {
    calls.push(clock.now());
    const error = errors[calls.length - 1];
    if (error) throw error;
    return 'answer';
  }).catch((error: unknown) => error);
  return { calls, waits, outcome };
}

// A call with all its promises: some microseconds become some hundred.
property(
  'a wait is within its jitter, never before the hint, never beyond the longest, never past the deadline',
  [
    fc.array(failure, { maxLength: 11 }),
    settings,
    fc.array(random, { minLength: 1, maxLength: 8 }),
    fc.integer({ min: 1, max: 300_000 }),
  ],
  async (errors, options, chances, deadline) => {
    let drawn = 0;
    const { calls, waits, outcome } = await play(
      errors,
      options,
      () => chances[drawn++ % chances.length] as number,
      deadline,
    );
    atMost(calls.length, options.attempts);
    same(calls.length, waits.length + 1);
    same(outcome, errors[calls.length - 1] ?? 'answer');
    for (const { attempt, waitMs, error, at } of waits) {
      const hint =
        error.kind === 'resource_not_ready' ? (error.retryAfterMs ?? KINDS[error.kind].waitMs) : error.retryAfterMs;
      const jitter = Math.min(
        options.maxMs,
        options.baseMs * (error.kind === 'rate_limited' ? 7 : 1) * 2 ** (attempt - 1),
      );
      atMost(hint ?? 0, waitMs);
      atMost(waitMs, options.maxMs);
      atMost(waitMs, Math.max(jitter, (hint ?? 0) * 1.1));
      below(at + waitMs, deadline);
      same([error.source, error.retryable], ['upstream', true]);
      atMost(attempt, KINDS[error.kind].retries);
    }
  },
  { share: 0.3 },
);

type Step = ['take', string] | ['succeed', string] | ['giveBack', string];

const host = fc.constantFrom('a', 'b');
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constant('take' as const), host) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('succeed' as const), host) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('giveBack' as const), host) },
);

property(
  'a retry budget stays within its bounds, and all retries together within what it held and got back',
  [fc.array(step, { maxLength: 120, size: 'max' })],
  (steps) => {
    const budget = new RetryBudget();
    const model: Record<string, number> = {};
    const costs: Record<string, number[]> = { a: [], b: [] };
    for (const [what, name] of steps) {
      const call = { host: name, model: 'm', method: 'generateContent' } as Call;
      const held = model[name] ?? CAPACITY;
      if (what === 'take') {
        const mayTake = budget.has(call);
        const cost = budget.take(call);
        if (cost !== (held < COST ? undefined : COST) || mayTake !== (cost !== undefined))
          throw new Error(`took ${cost} of ${held}`);
        model[name] = held - (cost ?? 0);
        if (cost !== undefined) costs[name]?.push(cost);
      } else {
        const back = costs[name]?.pop() ?? 0;
        if (what === 'succeed') budget.succeed(call, back);
        else budget.giveBack(call, back);
        model[name] = Math.min(CAPACITY, held + (back || (what === 'succeed' ? 1 : 0)));
      }
      const left = budget.status()[`${name} m`];
      if (left !== model[name] || left < 0 || left > CAPACITY) throw new Error(`${what}: ${left}, not ${model[name]}`);
    }
  },
);
