import { systemClock } from '../../src/clock.ts';
import { RedisLink } from '../../src/store/redis-link.ts';
import { script } from '../../src/store/script.ts';
import { ManualClock } from '../manual-clock.ts';

const SCRIPT = script('return 1');
const real = { ...systemClock };
let clock: ManualClock;

beforeEach(() => {
  clock = new ManualClock();
  const { now, date, setTimeout, clearTimeout } = clock;
  Object.assign(systemClock, { now, date, setTimeout, clearTimeout });
});
afterEach(() => void Object.assign(systemClock, real));

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** A client whose answers are given by hand. */
function setUp() {
  const sent: unknown[][] = [];
  const waiting: { resolve: (reply: unknown) => void; reject: (error: unknown) => void }[] = [];
  const send = (...given: unknown[]) => {
    sent.push(given);
    return new Promise<unknown>((resolve, reject) => void waiting.push({ resolve, reject }));
  };
  const client = {
    isReady: true,
    isClosed: false,
    evalsha: (...given: unknown[]) => send('evalsha', ...given),
    eval: (...given: unknown[]) => send('eval', ...given),
    close() {
      client.isClosed = true;
    },
  };
  const changes: string[] = [];
  const link = new RedisLink(client, (state, reason) => void changes.push(`${state} ${reason}`.trim()));
  const outcomes: unknown[] = [];
  const kept = (promise: Promise<unknown>): void => {
    promise.then(
      (reply) => outcomes.push(reply),
      (error: Error) => outcomes.push(error.message),
    );
  };
  return { client, sent, waiting, changes, link, outcomes, kept };
}

const LOST = 'Redis is out of reach';

test('before Redis has answered nothing is sent, and nothing is lost', async () => {
  const { link, sent, changes, kept, outcomes } = setUp();
  expect([link.isUp, link.isLost, link.isReady]).toEqual([false, false, true]);
  kept(link.run(SCRIPT, 'k', ['a']));
  kept(link.aside(SCRIPT, 'k', ['a']));
  await turn();
  expect(outcomes).toEqual([LOST, LOST]);
  link.restore();
  expect([link.isUp, link.isLost, sent, changes]).toEqual([true, false, [], []]);
});

test('a script is run by its name, and by its text where Redis does not know it', async () => {
  const { link, sent, waiting, kept, outcomes, changes } = setUp();
  link.restore();
  kept(link.run(SCRIPT, 'k', ['a', 'b']));
  waiting[0]?.reject(new Error('NOSCRIPT No matching script. Please use EVAL.'));
  await turn();
  waiting[1]?.resolve(7);
  await turn();
  expect(sent).toEqual([
    ['evalsha', SCRIPT.sha, 'k', ['a', 'b']],
    ['eval', SCRIPT.lua, 'k', ['a', 'b']],
  ]);
  expect([outcomes, changes, clock.pending]).toEqual([[7], [], 0]);
});

test('who waits for longer than 100 ms goes on without, and with him all the others', async () => {
  const { link, waiting, kept, outcomes, changes } = setUp();
  link.restore();
  const late: unknown[] = [];
  kept(link.run(SCRIPT, 'k', [], (reply) => late.push(reply)));
  clock.advance(60);
  kept(link.run(SCRIPT, 'k', [], (reply) => late.push(reply)));
  kept(link.aside(SCRIPT, 'k', []));
  clock.advance(39);
  await turn();
  expect(changes).toEqual([]);
  clock.advance(1);
  // One more look at the sockets.
  expect(changes).toEqual([]);
  await turn();
  expect([changes, clock.pending, link.isLost, link.isUp]).toEqual([['lost TIMEOUT'], 0, true, false]);
  await turn();
  expect(outcomes).toEqual([LOST, LOST, LOST]);
  waiting[0]?.resolve('after all');
  waiting[1]?.reject(new Error('OOM'));
  await turn();
  expect(late).toStrictEqual(['after all', undefined]);
  expect(changes).toEqual(['lost TIMEOUT']);
});

test('an answer that was there, though nobody had read it, is in time', async () => {
  const { link, waiting, kept, outcomes, changes } = setUp();
  link.restore();
  kept(link.run(SCRIPT, 'k', []));
  clock.advance(100);
  waiting[0]?.resolve('there');
  await turn();
  await turn();
  expect([outcomes, changes]).toEqual([['there'], []]);
});

test('what nobody waits for any more is not sent again', async () => {
  const { link, sent, waiting, kept } = setUp();
  link.restore();
  kept(link.run(SCRIPT, 'k', []));
  kept(link.aside(SCRIPT, 'k', []));
  link.lose('X');
  for (const { reject } of waiting) reject(new Error('NOSCRIPT '));
  await turn();
  expect(sent).toHaveLength(2);
});

test('a loss and a return are told once each; who asks meanwhile hears it at once', async () => {
  const { link, sent, kept, outcomes, changes } = setUp();
  link.lose('ONE');
  link.lose('TWO');
  kept(link.run(SCRIPT, 'k', []));
  await turn();
  expect([outcomes, sent]).toEqual([[LOST], []]);
  link.restore();
  link.restore();
  expect(changes).toEqual(['lost ONE', 'back']);
});

test('a probe goes out while Redis is lost, and its answer changes nothing by itself', async () => {
  const { link, waiting, kept, outcomes, changes } = setUp();
  link.lose('X');
  kept(link.probe(SCRIPT, 'k', []));
  waiting[0]?.resolve('pong');
  await turn();
  expect([outcomes, changes, link.isLost]).toEqual([['pong'], ['lost X'], true]);
  kept(link.probe(SCRIPT, 'k', []));
  clock.advance(100);
  await turn();
  // Nobody listens for what comes late.
  waiting[1]?.resolve('late');
  await turn();
  expect(outcomes).toEqual(['pong', LOST]);
});

test('to a client that is not connected nothing is sent', async () => {
  const { client, link, sent, kept, outcomes, changes } = setUp();
  link.restore();
  client.isReady = false;
  kept(link.aside(SCRIPT, 'k', []));
  await turn();
  expect([outcomes, changes]).toEqual([[LOST], []]);
  kept(link.run(SCRIPT, 'k', []));
  await turn();
  expect([outcomes, sent, changes]).toEqual([[LOST, LOST], [], ['lost NOT_READY']]);
});

test('what no call waits for may take a second, and fails without a loss', async () => {
  const { link, waiting, kept, outcomes, changes } = setUp();
  link.restore();
  kept(link.aside(SCRIPT, 'k', []));
  clock.advance(999);
  waiting[0]?.resolve('slow');
  await turn();
  kept(link.aside(SCRIPT, 'k', []));
  clock.advance(1000);
  await turn();
  kept(link.aside(SCRIPT, 'k', []));
  waiting[2]?.reject(new Error('OOM'));
  await turn();
  waiting[1]?.resolve('too late');
  await turn();
  expect([outcomes, changes, link.isUp, clock.pending]).toEqual([['slow', LOST, LOST], [], true, 0]);
});

test('what no call waits for is sent again by its text, too', async () => {
  const { link, sent, waiting, kept, outcomes } = setUp();
  link.restore();
  kept(link.aside(SCRIPT, 'k', ['a']));
  waiting[0]?.reject(new Error('NOSCRIPT'));
  await turn();
  waiting[1]?.resolve(1);
  await turn();
  expect(sent[1]).toEqual(['eval', SCRIPT.lua, 'k', ['a']]);
  expect(outcomes).toEqual([1]);
});

test('closing ends the connection and lets go of all who wait, and is no loss to tell of', async () => {
  const { client, link, kept, outcomes, changes } = setUp();
  link.restore();
  kept(link.run(SCRIPT, 'k', []));
  kept(link.aside(SCRIPT, 'k', []));
  link.close();
  await turn();
  expect([outcomes, changes, client.isClosed, clock.pending, link.isLost]).toEqual([[LOST, LOST], [], true, 0, true]);
});

test.each([
  ['OOM command not allowed', undefined, 'OOM'],
  ['OOM', undefined, 'OOM'],
  ['AB too short', undefined, 'ERROR'],
  [`${'A'.repeat(21)} too long`, undefined, 'ERROR'],
  ['Oops', undefined, 'ERROR'],
  ['read ECONNRESET at 10.0.0.1', 'ECONNRESET', 'ECONNRESET'],
  ['ERRor in 10.0.0.1', 'E_NO_WAY', 'E_NO_WAY'],
  ['text', 'hunter2', 'ERROR'],
  ['text', 'xECONN', 'ERROR'],
  ['text', 'ECONNx', 'ERROR'],
  ['text', 'AB', 'ERROR'],
  ['text', 'ABC', 'ABC'],
  ['text', 111, 'ERROR'],
  ['text', ['ABC'], 'ERROR'],
  [undefined, 'ABC', 'ABC'],
])('the failure %j with the code %j is told as %s', async (message, code, reason) => {
  const { link, waiting, kept, changes } = setUp();
  link.restore();
  kept(link.run(SCRIPT, 'k', []));
  waiting[0]?.reject({ message, code });
  await turn();
  expect(changes).toEqual([`lost ${reason}`]);
});

test.each([[undefined], [null], ['a text'], [7]])('a failure that is %j is told as ERROR', async (failure) => {
  const { link, waiting, kept, changes } = setUp();
  link.restore();
  kept(link.run(SCRIPT, 'k', []));
  waiting[0]?.reject(failure);
  await turn();
  expect(changes).toEqual(['lost ERROR']);
});
