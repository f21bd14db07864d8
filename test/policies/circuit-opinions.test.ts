import { GeminiError } from '../../src/errors/gemini-error.ts';
import type { Part } from '../../src/part.ts';
import { circuitBreakerPart } from '../../src/policies/circuit-breaker.ts';
import type { Board } from '../../src/store/store.ts';
import { aCall } from '../a-call.ts';

/** Two processes, each of which hears what the other has posted. */
type Watched = Board & { posted: Set<string>; withdrawals: () => number };

function twoBoards(): [Watched, Watched] {
  const posted = [new Set<string>(), new Set<string>()] as const;
  const board = (mine: Set<string>, others: Set<string>): Watched => {
    let withdrawals = 0;
    return {
      posted: mine,
      post: (notice) => void mine.add(notice),
      withdraw: (notice) => {
        withdrawals++;
        mine.delete(notice);
      },
      hears: (notice) => others.has(notice),
      withdrawals: () => withdrawals,
    };
  };
  return [board(posted[0], posted[1]), board(posted[1], posted[0])];
}

function processOf(board: Board, minimumCalls = 20) {
  const part: Part = circuitBreakerPart({ minimumCalls, failureRatio: 0.9, maxWaitMs: 0 }, board);
  const { call, clock } = aCall();
  const through = (kind?: 'upstream_unavailable'): Promise<unknown> =>
    (part.policy as NonNullable<Part['policy']>)(call, async () => {
      if (kind) throw new GeminiError(kind);
      return 'answer';
    }).catch((error: unknown) => error);
  const fail = async (times: number) => {
    for (let i = 0; i < times; i++) await through('upstream_unavailable');
  };
  const state = () => (part.status?.(clock) as { circuits: { state: string }[] }).circuits[0]?.state;
  return { part, through, fail, state, clock };
}

test('who hears of an open circuit needs a quarter of the calls to open its own, but needs them', async () => {
  const [here, there] = twoBoards();
  const [one, other] = [processOf(here), processOf(there)];
  await other.fail(3);
  await one.fail(19);
  expect([...here.posted]).toEqual([]);
  await one.fail(1);
  expect(one.state()).toBe('open');
  expect([...here.posted]).toEqual(['circuit gemini.test gemini-3.8-flash']);
  await other.fail(1);
  expect(other.state()).toBe('closed');
  await other.fail(1);
  expect(other.state()).toBe('open');
});

test('three calls at the fewest', async () => {
  const [here, there] = twoBoards();
  await processOf(here).fail(20);
  const other = processOf(there, 8);
  await other.fail(2);
  expect(other.state()).toBe('closed');
  await other.fail(1);
  expect(other.state()).toBe('open');
});

test('exactly the ratio of them is enough', async () => {
  const [here, there] = twoBoards();
  await processOf(here).fail(20);
  const other = processOf(there);
  await other.through();
  await other.fail(8);
  expect(other.state()).toBe('closed');
  await other.fail(1);
  expect(other.state()).toBe('open');
});

test('an opinion is no order: whose own calls succeed goes on', async () => {
  const [here, there] = twoBoards();
  const [one, other] = [processOf(here), processOf(there)];
  await one.fail(20);
  for (let i = 0; i < 4; i++) await other.through();
  await other.fail(10);
  expect(other.state()).toBe('closed');
});

test('the opinion is withdrawn when the circuit closes, or the guard does', async () => {
  const [here] = twoBoards();
  const { fail, through, clock, part, state } = processOf(here);
  await fail(20);
  clock.advance(7000);
  await through();
  expect([...here.posted]).toHaveLength(1);
  await through();
  expect([state(), ...here.posted]).toEqual(['closed']);
  // Said once, and not by each call that goes well.
  await through();
  expect([here.withdrawals(), ...here.posted]).toEqual([1]);
  await fail(20);
  expect([...here.posted]).toHaveLength(1);
  part.close?.();
  expect([...here.posted]).toEqual([]);
});
