import { systemClock } from '../src/clock.ts';
import { insightOf, type Snapshot } from '../src/insight.ts';
import { fakeGemini } from '../src/testing/index.ts';
import { aSnapshot } from './status/snapshots.ts';
import { openIo } from './store/clients.ts';
import { redisServer } from './store/redis-server.ts';
import { member, until } from './store/stage.ts';
import { CANARY_KEY, clientOf, MODEL, quickGuard } from './support.ts';

test('nobody but a guard has an insight', () => {
  expect(insightOf(quickGuard())).toBeDefined();
  for (const other of [undefined, null, {}, () => {}, 'guard']) expect(insightOf(other)).toBeUndefined();
});

test('names that visitors have chosen are bounded, and clean', async () => {
  const gemini = await fakeGemini();
  const guard = quickGuard();
  const ai = clientOf(guard, gemini.url);
  const insight = insightOf(guard);
  insight?.snapshot();
  for (const model of [CANARY_KEY, 'a\nb'.repeat(100), MODEL]) {
    await ai.models.generateContent({ model, contents: 'hi' }).catch(() => {});
  }
  for (let i = 0; i < 120; i++) await ai.models.generateContent({ model: `m-${i}`, contents: 'hi' }).catch(() => {});
  const { ledgers, circuits, problems } = insight?.snapshot() as Snapshot;
  expect([ledgers.length, circuits.length <= 100, problems.length <= 20]).toEqual([100, true, true]);
  const names = [...ledgers.map(({ resource }) => resource), ...circuits.map(({ model }) => model)];
  expect(names.filter((name) => name.length > 80 || name.includes('\n') || name.includes(CANARY_KEY))).toEqual([]);
  await guard.close({ graceMs: 0 });
  await gemini.close();
});

test('two guards on one Redis see each other; what another version says is left out', async () => {
  const redis = await redisServer();
  const users = [await openIo(redis.port), await openIo(redis.port)];
  const [one, two] = users.map(({ client }) => quickGuard({ redis: client }));
  const strangers = await Promise.all([member(redis, systemClock), member(redis, systemClock)]);
  strangers[0]?.shared.snapshots.show(() => 'not JSON');
  strangers[1]?.shared.snapshots.show(() => JSON.stringify({ ...aSnapshot(), version: 2 }));
  const known = await member(redis, systemClock);
  const problem = { at: 1, model: MODEL, key: '', attempts: 1, visitors: 0 };
  const problems = [
    { ...problem, kind: 'of_tomorrow' as never },
    { ...problem, kind: 'rate_limited' as const },
  ];
  known.shared.snapshots.show(() => JSON.stringify(aSnapshot({ problems })));
  const insight = insightOf(one);
  await until(async () => (await insight?.others())?.length === 2);
  // Until the strangers have told as well.
  await until(async () => (await redis.command('HLEN', 'gg:page')).includes(':4'));
  const others = (await insight?.others()) as Snapshot[];
  expect(others.map(({ version }) => version)).toEqual([1, 1]);
  expect(others.flatMap((other) => other.problems).map(({ kind }) => kind)).toEqual(['rate_limited']);
  expect(insight?.redis).toMatchObject({ isUp: true, processes: 5 });
  await Promise.all([one?.close(), two?.close(), known.close(), ...strangers.map((stranger) => stranger.close())]);
  for (const user of users) user.end();
  await redis.close();
});
