import { Mirror } from '../../src/store/mirror.ts';
import type { RedisLink } from '../../src/store/redis-link.ts';
import type { Reply } from '../../src/store/reply.ts';
import type { Script } from '../../src/store/script.ts';
import { ADD, CLOSE, REJOIN } from '../../src/store/scripts.ts';
import { SharedTime } from '../../src/store/shared-time.ts';
import { Telling, texts } from '../../src/store/telling.ts';
import { ManualClock } from '../manual-clock.ts';

type Late = (reply: unknown) => void;

const DAY = 90_000_000;
const settled = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};

/** A link that answers what it is told to, and a ledger whose time is 100,000. */
function setUp(...replies: unknown[]) {
  const clock = new ManualClock(100_000);
  const time = new SharedTime(true);
  const sent: { how: string; script: Script; args: readonly string[]; late: Late }[] = [];
  const send = (how: string) => async (script: Script, _: string, args: readonly string[], late: Late) => {
    sent.push({ how, script, args, late });
    const reply = replies.shift();
    if (reply instanceof Error) throw reply;
    return reply;
  };
  const link = { isUp: true, run: send('run'), probe: send('probe') };
  const telling = new Telling(link as unknown as RedisLink, time, 'p1');
  const mirror = new Mirror({ host: 'h', project: 'p', resource: 'm' }, 'gg:');
  mirror.heardAt = 7;
  const told = (): unknown[] => sent.map(({ how, script, args }) => [how, nameOf(script), ...args]);
  return { clock, time: time.of(clock), link, telling, mirror, sent, told };
}

function nameOf(script: Script): string {
  return script === ADD ? 'add' : script === REJOIN ? 'rejoin' : 'close';
}

function untoldOf({ untold }: Mirror): unknown {
  return [untold.list().filter(([, requests, tokens]) => requests !== 0 || tokens !== 0), untold.dayEnds, untold.today];
}

const FAILED = new Error('lost');

test('what is counted is told at once', async () => {
  const { telling, mirror, time, told } = setUp('ok');
  telling.add(mirror, [4, 1, 10], DAY, 1, time);
  await settled();
  expect(told()).toEqual([['run', 'add', '100000', '4', '1', '10', String(DAY), '1', 'p1', '7']]);
  expect(mirror.untold.isEmpty).toBe(true);
});

test('while Redis is lost nothing is sent, and all of it is kept', () => {
  const { telling, mirror, time, link, told } = setUp();
  link.isUp = false;
  telling.add(mirror, [4, 1, 10], DAY, 1, time);
  telling.add(mirror, [4, 1, 5], DAY, 1, time);
  expect(told()).toEqual([]);
  expect(untoldOf(mirror)).toEqual([[[4, 2, 15]], DAY, 2]);
});

test('what could not be told is kept, and forgotten where Redis has taken it in after all', async () => {
  const { telling, mirror, time, sent } = setUp(FAILED);
  telling.add(mirror, [4, 1, 10], DAY, 1, time);
  await settled();
  expect(untoldOf(mirror)).toEqual([[[4, 1, 10]], DAY, 1]);
  sent[0]?.late('none');
  sent[0]?.late(undefined);
  expect(untoldOf(mirror)).toEqual([[[4, 1, 10]], DAY, 1]);
  sent[0]?.late(Buffer.from('ok'));
  expect(untoldOf(mirror)).toEqual([[], DAY, 0]);
});

const ANSWER = [
  'yes',
  'tpm',
  '0',
  '41',
  '',
  '1',
  String(DAY),
  '0',
  '',
  '',
  '',
  '',
  '',
  '1',
  '10',
  '1',
  '10',
  '41',
  '1',
];

test('a place that came too late is given back; a refusal, an error and nonsense are no place', async () => {
  const { telling, mirror, time, told } = setUp();
  for (const reply of [undefined, 'OK', ['no', ...ANSWER.slice(1)]]) telling.giveBack(mirror, reply, 10, time);
  expect(told()).toEqual([]);
  telling.giveBack(mirror, ANSWER, 10, time);
  expect(told()).toEqual([['run', 'add', '100000', '41', '-1', '-10', String(DAY), '-1', 'p1', '7']]);
});

test('what else is told goes as it is given', async () => {
  const { telling, mirror, time, told } = setUp();
  await telling.send(CLOSE, mirror, [5, 'x'], time);
  expect(told()).toEqual([['run', 'close', '100000', '5', 'x']]);
});

test('a return tells what was not told, and all that was used, and knows from then on when it was heard', async () => {
  const { telling, mirror, time, told } = setUp('99000');
  mirror.count(400, 1, 10, DAY, 1);
  mirror.count(401, 1, 20, DAY, 1);
  mirror.untold.add(401, 1, 20);
  mirror.untold.addDay(DAY, 1);
  mirror.close({ kind: 'rate_limited' }, 100_500.5);
  mirror.learn({ rpm: 3 }, time);
  await telling.rejoin(mirror, time);
  const gate = ['501', '{"kind":"rate_limited"}'];
  const all = ['400', '1', '10', '401', '1', '20'];
  expect(told()).toEqual([
    [
      'probe',
      'rejoin',
      '100000',
      'p1',
      '7',
      '2',
      String(DAY),
      '1',
      ...gate,
      '3',
      '',
      '',
      '1',
      '401',
      '1',
      '20',
      ...all,
    ],
  ]);
  expect(mirror.heardAt).toBe(99_000);
  expect(untoldOf(mirror)).toEqual([[], DAY, 0]);
});

test('an open gate is told as none, also where it was closed before', async () => {
  const { telling, mirror, time, told } = setUp('1', '1');
  mirror.count(400, 1, 10, DAY, 1);
  await telling.rejoin(mirror, time);
  mirror.close({ kind: 'rate_limited' }, 100_000);
  await telling.rejoin(mirror, time);
  const sent = [
    'probe',
    'rejoin',
    '100000',
    'p1',
    '7',
    '1',
    String(DAY),
    '0',
    '0',
    '',
    '',
    '',
    '',
    '0',
    '400',
    '1',
    '10',
  ];
  expect(told()).toEqual([sent, sent.with(4, '1')]);
});

test('what has expired is not told', async () => {
  const { telling, mirror, time, told } = setUp('1');
  for (const spent of [mirror.own, mirror.untold]) {
    spent.add(100, 1, 1);
    spent.add(300, 1, 2);
  }
  await telling.rejoin(mirror, time);
  const sent = ['probe', 'rejoin', '100000', 'p1', '7', '0', '0', '0', '0', '', '', '', '', '1', '300', '1', '2'];
  expect(told()).toEqual([[...sent, '300', '1', '2']]);
});

test('a return without news says nothing; a count, a gate and a limit are news', async () => {
  const quiet = setUp();
  await quiet.telling.rejoin(quiet.mirror, quiet.time);
  expect(quiet.sent).toEqual([]);
  const news: ((made: ReturnType<typeof setUp>) => void)[] = [
    ({ mirror }) => mirror.untold.add(400, 1, 1),
    ({ mirror }) => mirror.own.add(400, 1, 1),
    ({ mirror }) => mirror.close({ kind: 'rate_limited' }, 100_001),
    ({ mirror, time }) => mirror.learn({ rpm: 1 }, time),
  ];
  for (const happen of news) {
    const made = setUp('1');
    happen(made);
    await made.telling.rejoin(made.mirror, made.time);
    expect(made.sent).toHaveLength(1);
  }
});

test('requests of a day that is over are not told of the new one', async () => {
  const { telling, mirror, time, sent } = setUp('1');
  mirror.untold.addDay(DAY, 3);
  mirror.own.addDay(2 * DAY, 1);
  await telling.rejoin(mirror, time);
  expect(sent[0]?.args.slice(3, 6)).toEqual(['1', String(2 * DAY), '0']);
});

test('a return that fails has told nothing', async () => {
  const { telling, mirror, time } = setUp(FAILED);
  mirror.count(400, 1, 10, DAY, 1);
  mirror.untold.add(400, 1, 10);
  mirror.untold.addDay(DAY, 1);
  await expect(telling.rejoin(mirror, time)).rejects.toBe(FAILED);
  expect(untoldOf(mirror)).toEqual([[[400, 1, 10]], DAY, 1]);
  expect(mirror.heardAt).toBe(7);
});

test('a return that was taken in late, and told again, is taken back once', async () => {
  const { telling, mirror, time, sent, told } = setUp(FAILED);
  mirror.count(400, 1, 10, DAY, 1);
  mirror.untold.add(400, 1, 10);
  mirror.untold.addDay(DAY, 1);
  await telling.rejoin(mirror, time).catch(() => {});
  sent[0]?.late(undefined);
  expect(told()).toHaveLength(1);
  sent[0]?.late('1');
  expect(told().slice(1)).toEqual([
    ['run', 'add', '100000', '400', '-1', '-10', String(DAY), '0', 'p1', '7'],
    ['run', 'add', '100000', '0', '0', '0', String(DAY), '-1', 'p1', '7'],
  ]);
});

test('a return that was taken in late takes nothing off a day of which it told nothing', async () => {
  const { telling, mirror, time, sent, told } = setUp(FAILED);
  mirror.count(400, 0, 10, DAY, 0);
  mirror.untold.add(400, 0, 10);
  await telling.rejoin(mirror, time).catch(() => {});
  sent[0]?.late('1');
  expect(told().slice(1)).toHaveLength(1);
});

const reply = (heardAt: number, heardToday: number): Reply => ({ heardAt, heardToday }) as Reply;

test('a Redis that has forgotten is told what came since it was heard, once at a time', async () => {
  const { telling, mirror, time, told } = setUp('98000');
  mirror.count(399, 1, 1, DAY, 1);
  mirror.count(400, 1, 2, DAY, 1);
  mirror.count(401, 1, 3, DAY, 1);
  telling.remind(mirror, reply(100_100, 1), time);
  expect(mirror.isReminding).toBe(true);
  await settled();
  expect([mirror.isReminding, mirror.heardAt]).toEqual([false, 98_000]);
  const news = ['2', '400', '1', '2', '401', '1', '3'];
  expect(told()).toEqual([
    ['probe', 'rejoin', '100000', 'p1', '0', '3', String(DAY), '2', '0', '', '', '', '', ...news],
  ]);
});

test('a reminder that fails may be tried again; of a day it never tells less than nothing', async () => {
  const { telling, mirror, time, sent } = setUp(FAILED);
  mirror.count(400, 1, 2, DAY, 1);
  telling.remind(mirror, reply(0, 5), time);
  await settled();
  expect(mirror.isReminding).toBe(false);
  expect(sent[0]?.args[5]).toBe('0');
});

test('what came in during a return is told after it', async () => {
  const { telling, mirror, time, told } = setUp();
  mirror.untold.add(400, 1, 10);
  mirror.untold.addDay(DAY, 1);
  telling.resume(mirror, time);
  expect(told()).toEqual([
    ['run', 'add', '100000', '400', '1', '10', String(DAY), '0', 'p1', '7'],
    ['run', 'add', '100000', '0', '0', '0', String(DAY), '1', 'p1', '7'],
  ]);
  expect(untoldOf(mirror)).toEqual([[], DAY, 0]);
  mirror.untold.add(401, 0, 5);
  telling.resume(mirror, time);
  expect(told()).toHaveLength(3);
});

test('a ledger that Redis does not know is told as a return, and nobody minds if that fails', async () => {
  const { telling, mirror, time, told } = setUp(FAILED);
  mirror.heardAt = 0;
  mirror.count(400, 1, 10, DAY, 1);
  mirror.untold.add(400, 1, 10);
  telling.resume(mirror, time);
  await settled();
  expect(told().flat().slice(0, 2)).toEqual(['probe', 'rejoin']);
  expect(untoldOf(mirror)).toEqual([[[400, 1, 10]], DAY, 0]);
});

test('limits are arguments by their places', () => {
  expect(texts({ rpm: 1, rpd: 3 })).toEqual(['1', '', '3']);
  expect(texts({ tpm: 2 })).toEqual(['', '2', '']);
});
