// Four guarded servers behind one quota, with real visitors, while a network is slow, one of the servers is killed with places
// reserved, and Gemini is killed and comes back: `node scripts/chaos-crashes.mjs [rounds]`. Time runs six times as fast for the
// guards. Afterwards what visitors, servers, Redis and Gemini have counted must agree: nothing lost, nothing twice, nobody
// without an answer. Prints a table; exits with 1 when a promise was broken. Needs `npm run build` and redis-server.
import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, fullest, redisServer } from './chaos/parts.mjs';
import { slowProxy } from './chaos/slow-proxy.mjs';
import { visit } from './chaos/visitor.mjs';

const SPEED = 6;
const MINUTE_MS = 60_000 / SPEED;
/** Asked for twice its quota, so that somebody always waits in it; and for less than half of it. */
const MODELS = { busy: { rpm: 150, callsAMinute: 300 }, calm: { rpm: 600, callsAMinute: 240 } };
const OUTCOMES = ['200', '429 rate_limited', '503 overloaded', 'cut'];
const LIMITS = JSON.stringify({ busy: { rpm: 150 }, calm: { rpm: 600 } });

const rounds = Number(process.argv[2] ?? 3);
const dir = mkdtempSync(join(tmpdir(), 'gemini-guard-crashes-'));
const log = join(dir, 'calls');
writeFileSync(log, '');
const env = {
  ...process.env,
  NODE_ENV: 'production',
  EPOCH: String(Date.now()),
  SPEED: String(SPEED),
  LIMITS,
  LOG: log,
};
const redis = await redisServer();
const toRedis = await slowProxy(redis.port);
env.PORT = String(await freePort());
const toGemini = await slowProxy(Number(env.PORT));
Object.assign(env, {
  REDIS_PORT: String(toRedis.port),
  GOOGLE_GEMINI_BASE_URL: `http://127.0.0.1:${toGemini.port}`,
  GEMINI_API_KEY: 'fake-key',
});
let upstream = await start('upstream');
const workers = await Promise.all([1, 2, 3, 4].map(() => start('worker')));

/** What became of each question. */
const asked = [];
const timers = Object.entries(MODELS).map(([model, { callsAMinute }]) =>
  setInterval(() => {
    const alive = workers.filter(({ killed }) => !killed);
    ask(model, alive[asked.length % alive.length]);
  }, MINUTE_MS / callsAMinute),
);
const killed = [];
for (let round = 0; round < rounds; round++) {
  await sleep(1000);
  toGemini.delay(80);
  toRedis.delay(20);
  await sleep(800);
  // Longer than anybody waits for it: it counts as lost.
  toRedis.delay(250);
  await sleep(800);
  toRedis.delay(0);
  toGemini.delay(0);
  await sleep(1000);
  const victim = workers[0];
  killed.push({ pending: asked.filter(({ to, outcome }) => to === victim && !outcome).length });
  victim.killed = true;
  await kill(victim.child);
  workers.push(await start('worker'));
  await kill(upstream.child);
  await sleep(700);
  upstream = await start('upstream');
  await sleep(1200);
  workers.shift();
  killed.at(-1).worker = victim;
}
for (const timer of timers) clearInterval(timer);
await Promise.all(asked.map(({ over }) => over));
const answeredAt = Date.now();
const reports = await Promise.all(workers.map(tell));
const questions = asked.length;
// What the dead had reserved is free again a minute later, and all of the quota with it.
await sleep(Math.max(0, MINUTE_MS + 500 - (Date.now() - answeredAt)));
const probes = workers.flatMap((worker) => Object.keys(MODELS).map((model) => ask(model, worker)));
await Promise.all(probes.map(({ over }) => over));
const after = await Promise.all(workers.map(tell));
judge();

function judge() {
  const calls = readFileSync(log, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const seen = new Map();
  for (const { question } of calls) seen.set(question, (seen.get(question) ?? 0) + 1);
  const outcomes = {};
  for (const { model, outcome } of asked) {
    outcomes[model] ??= {};
    outcomes[model][outcome] = (outcomes[model][outcome] ?? 0) + 1;
  }
  const ok = asked.filter(({ outcome }) => outcome === '200');
  const ofDead = asked.filter(({ to }) => to.killed);
  const living = (worker) => asked.filter(({ to }) => to === worker);
  const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);
  const timesOf = (of) => calls.filter(({ model }) => model === of).map(({ at }) => at);
  const windows = Object.fromEntries(Object.keys(MODELS).map((model) => [model, fullest(timesOf(model), SPEED)]));
  const reached = (worker) => sum(living(worker).map(({ question }) => seen.get(question) ?? 0));
  const used = after.map((report) => report.used);
  const states = reports.flatMap(({ lost }) => lost);
  const checks = {
    'nobody was left without an answer, save by the dead': asked.every(
      ({ outcome, to }) => outcome !== 'cut' || to.killed,
    ),
    'nobody got another answer than one of these': asked.every(({ outcome }) => OUTCOMES.includes(outcome)),
    'each answer is the one to its question': ok.every(({ question, text }) => text === `the answer to ${question}`),
    'nothing lost: Gemini has seen what was answered': ok.every(({ question }) => seen.has(question)),
    'nothing twice: each question came once at most': [...seen.values()].every((times) => times === 1),
    'nothing of its own: Gemini was asked for nobody else': [...seen.keys()].every((question) =>
      asked.some((one) => one.question === question),
    ),
    'each server has counted its visitors': workers.every(
      (worker, i) => after[i].requests === living(worker).length && after[i].total.requests === after[i].requests,
    ),
    'each server has counted its answers': workers.every(
      (worker, i) => (after[i].codes.ok ?? 0) === living(worker).filter(({ outcome }) => outcome === '200').length,
    ),
    'each server has counted its calls': workers.every((worker, i) => {
      const failed = living(worker).filter(({ outcome }) => outcome.startsWith('503')).length;
      const lost = after[i].calls.attempts - reached(worker);
      return lost >= 0 && lost <= failed;
    }),
    'nothing is under way, and nobody waits': after.every(
      ({ calls: { inFlight }, waiting }) => inFlight === 0 && waiting.length === 0,
    ),
    'places of the dead are free again': used.every((of) => Object.values(of).every((n) => n <= workers.length)),
    'the quota is there again': probes.every(({ outcome }) => outcome === '200'),
    'a server has died with calls under way': killed.some(({ pending }) => pending > 0),
    'the slow Redis was lost, and is back': states.includes('lost') && states.at(-1) === 'back',
    ...Object.fromEntries(
      Object.entries(MODELS).map(([model, { rpm }]) => [`no window of ${model} is over`, windows[model] <= rpm * 1.1]),
    ),
  };
  console.log('outcome                         calm    busy');
  for (const outcome of [...new Set(Object.values(outcomes).flatMap(Object.keys))].sort()) {
    const row = ['calm', 'busy'].map((model) => String(outcomes[model]?.[outcome] ?? 0).padStart(7));
    console.log(`${outcome.padEnd(28)} ${row.join(' ')}`);
  }
  console.log(
    `fullest minute               ${['calm', 'busy'].map((model) => String(windows[model]).padStart(7)).join(' ')}`,
  );
  console.log(
    `${questions} questions, ${calls.length} calls, ${killed.length} killed with ${killed.map(({ pending }) => pending)} under way (${ofDead.filter(({ outcome }) => outcome === 'cut').length} cut)`,
  );
  for (const [check, holds] of Object.entries(checks)) console.log(`${holds ? 'ok    ' : 'BROKEN'} ${check}`);
  for (const { child } of [...workers, upstream]) child.disconnect();
  toRedis.close();
  toGemini.close();
  void redis.kill().then(redis.forget);
  rmSync(dir, { recursive: true, force: true });
  process.exitCode = Object.values(checks).every(Boolean) ? 0 : 1;
}

function ask(model, to) {
  const question = `question ${asked.length}`;
  const one = { model, to, question };
  one.over = visit(to.told.port, model, question).then((became) => Object.assign(one, became));
  asked.push(one);
  return one;
}

async function start(name) {
  const child = fork(new URL(`chaos/${name}.mjs`, import.meta.url), { env });
  const told = await new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code, signal) => reject(new Error(`${name} does not start: ${signal ?? code}`)));
  });
  return { child, told, killed: false };
}

function tell({ child }) {
  const told = new Promise((resolve) => child.once('message', resolve));
  child.send('tell');
  return told;
}

async function kill(child) {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}
