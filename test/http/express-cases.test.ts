import { frameworks } from '../support.ts';
import { errorHandlers } from './cases/error-handlers.ts';
import { neighbours } from './cases/neighbours.ts';
import { onTheWire } from './cases/on-the-wire.ts';
import { throwing } from './cases/throwing.ts';
import { type StageHand, stageHand } from './stage.ts';

/** On Express 4 the two with an async handler need `guard.handler`: it drops what they reject with. */
const cases = [...throwing, ...errorHandlers, ...onTheWire, ...neighbours].map(
  ([title, run], i) => [i + 1, title, run] as const,
);

test('there are 34 cases', () => {
  expect(cases).toHaveLength(34);
});

describe.each(frameworks)('app.use(geminiGuard()) alone, on %s', (name, express) => {
  let hand: StageHand;

  beforeAll(async () => {
    hand = await stageHand();
  });
  afterEach(() => hand.clear());
  afterAll(() => hand.close());

  test.each(cases)('%i. %s', async (_number, _title, run) => {
    await run(await hand.stage(express, name === 'express 4'));
  });
});
