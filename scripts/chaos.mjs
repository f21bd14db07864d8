// Four processes behind one quota while their Redis is paused, killed, restarted and full: `node scripts/chaos.mjs [rounds]`.
// Time runs four times as fast for the guards and for the fake Gemini, so that a minute is fifteen seconds; Redis is as real as it
// gets. Prints what happened as JSON; exits with 1 when a promise was broken. Needs `npm run build` and redis-server.
import { fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { fullest, redisServer, scaledClock } from './chaos/parts.mjs';

const SPEED = 4;
const WORKERS = ['ioredis', 'redis', 'iovalkey', 'redis5'];
/** Asked for twice its quota: its windows are always full. */
const BUSY = { model: 'busy', rpm: 150, callsAMinute: 300 };
/** Asked for less than half of it: nothing has to wait, and nothing may fail. */
const CALM = { model: 'calm', rpm: 600, callsAMinute: 240 };
const RECOVERY_MS = 2000;
/** Longer than that, so that a late recovery is seen for what it is. */
const HEALING_MS = 3000;

if (process.send) await work();
else process.exit(await rule(Number(process.argv[2] ?? 3)));

/** One of the processes. */
async function work() {
  const { geminiGuard } = await import('../dist/esm/index.js');
  const { EPOCH, CLIENT, REDIS_PORT } = process.env;
  const client = await connect(CLIENT, Number(REDIS_PORT));
  const seen = { calm: {}, busy: {}, slowestMs: 0, store: [] };
  const guard = geminiGuard({
    log: false,
    retry: false,
    clock: scaledClock(Number(EPOCH), SPEED),
    quota: { maxWaitMs: 10_000, limits: { busy: { rpm: BUSY.rpm }, calm: { rpm: CALM.rpm } } },
    redis: { client, outage: 'share' },
  });
  guard.on('store', ({ state, reason }) => seen.store.push({ state, reason, at: Date.now() }));
  const calls = new Set();
  async function call(model) {
    const begun = Date.now();
    const outcome = await guard
      .run(({ gemini }) => gemini.models.generateContent({ model, contents: 'hello' }))
      .then(
        () => 'ok',
        ({ kind, source, status }) => `${status} ${kind} ${source}`,
      );
    seen[model][outcome] = (seen[model][outcome] ?? 0) + 1;
    if (model === CALM.model) seen.slowestMs = Math.max(seen.slowestMs, Date.now() - begun);
  }
  const timers = [BUSY, CALM].map(({ model, callsAMinute }) =>
    setInterval(
      () => {
        const running = call(model).finally(() => calls.delete(running));
        calls.add(running);
      },
      (60_000 / SPEED / callsAMinute) * WORKERS.length,
    ),
  );
  process.send('ready');
  await new Promise((resolve) => process.once('message', resolve));
  for (const timer of timers) clearInterval(timer);
  await Promise.all(calls);
  await guard.close();
  (client.disconnect ?? client.destroy).call(client);
  process.send(seen, () => process.disconnect());
}

async function connect(name, port) {
  const { Redis, createClient } = await import(name);
  const client = Redis ? new Redis(port) : createClient({ url: `redis://127.0.0.1:${port}` });
  client.on('error', () => {});
  await client.connect?.().catch(() => {});
  return client;
}

/** The one who makes the trouble, and judges. */
async function rule(rounds) {
  const { fakeGemini } = await import('../dist/esm/testing/index.js');
  const epoch = Date.now();
  const gemini = await fakeGemini({ now: scaledClock(epoch, SPEED).date });
  const redis = await redisServer();
  const env = { ...process.env, ...gemini.env(), EPOCH: String(epoch), REDIS_PORT: String(redis.port) };
  const workers = await Promise.all(
    WORKERS.map(async (CLIENT) => {
      const worker = fork(fileURLToPath(import.meta.url), { env: { ...env, CLIENT } });
      await new Promise((resolve) => worker.once('message', resolve));
      return worker;
    }),
  );
  const healed = [];
  const heal = async (mend) => {
    await mend();
    healed.push(Date.now());
    await sleep(HEALING_MS);
  };
  await sleep(rounds === 0 ? 25_000 : 4000);
  for (let round = 0; round < rounds; round++) {
    redis.signal('SIGSTOP');
    await sleep(2000);
    await heal(() => redis.signal('SIGCONT'));
    await redis.kill();
    await sleep(1500);
    await heal(() => redis.start());
    await redis.command('CONFIG SET maxmemory 1');
    await sleep(1500);
    await heal(() => redis.command('CONFIG SET maxmemory 0'));
  }
  const reports = await Promise.all(
    workers.map((worker) => {
      const report = new Promise((resolve) => worker.once('message', resolve));
      worker.send('stop');
      return report;
    }),
  );
  const timesOf = (model) => gemini.calls.filter((call) => call.model === model).map(({ at }) => at);
  const windows = Object.fromEntries([BUSY, CALM].map(({ model }) => [model, fullest(timesOf(model), SPEED)]));
  await redis.kill();
  redis.forget();
  await gemini.close();
  const back = reports.flatMap(({ store }) =>
    healed.map((at) => (store.find((event) => event.state === 'back' && event.at >= at)?.at ?? Infinity) - at),
  );
  const sums = { calm: {}, busy: {} };
  for (const report of reports) {
    for (const model of ['calm', 'busy']) {
      for (const [outcome, n] of Object.entries(report[model])) sums[model][outcome] = (sums[model][outcome] ?? 0) + n;
    }
  }
  const broken = [
    ...Object.keys(sums.calm).filter((outcome) => outcome !== 'ok'),
    ...Object.keys(sums.busy).filter((outcome) => outcome !== 'ok' && outcome !== '429 rate_limited guard'),
    ...[BUSY, CALM].filter(({ model, rpm }) => windows[model] > rpm * 1.1).map(({ model }) => `window of ${model}`),
    ...(Math.max(...back) > RECOVERY_MS ? ['recovery'] : []),
  ];
  const slowestMs = Math.max(...reports.map((report) => report.slowestMs));
  const reasons = [...new Set(reports.flatMap(({ store }) => store.map(({ reason }) => reason)))].filter(Boolean);
  const slowestRecoveryMs = Math.max(...back);
  console.log(JSON.stringify({ rounds, sums, windows, slowestMs, slowestRecoveryMs, reasons, broken }, undefined, 2));
  return broken.length === 0 ? 0 : 1;
}
