// Mixed traffic over several routes for a while: `node scripts/totals.mjs [seconds, default 60]`. Answers, faults, retries, blocked
// and cut answers, limits, visitors who leave. Then everything that was told of it is added up: each log line is a request or an
// event, the metrics are the sum of the log, guard.stats() is that of the metrics. Prints what it found as JSON; exits with 1 when
// something does not add up. Needs `npm run build`.
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { GoogleGenAI } from '@google/genai';
import express from 'express';
import { Registry } from 'prom-client';
import { geminiGuard, sendStream } from '../dist/esm/index.js';
import { answer, fakeGemini, fault } from '../dist/esm/testing/index.js';

const seconds = Number(process.argv[2] ?? 60);
const CLIENTS = 24;
const MODEL = 'gemini-3.8-flash';
const OTHER = 'gemini-3.5-flash-lite';
const UNPRICED = 'our-own-model';
/** What must be nowhere: in the shape of a key, but put together, so that scanners let it pass. */
const KEY = ['AI', 'zaSyCANARY', '0123456789abcdefghijklmnopqrs'].join('');
const PROMPT = 'P-CANARY tell nobody';

let state = 7;
function random() {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}
const pick = (list) => list[Math.floor(random() * list.length)];

const usage = () => ({
  promptTokenCount: 100 + Math.floor(random() * 1000),
  candidatesTokenCount: Math.floor(random() * 300),
  thoughtsTokenCount: Math.floor(random() * 100),
  cachedContentTokenCount: Math.floor(random() * 100),
});
const good = () => answer.stream(['The sky ', 'is blue ', 'because of ', 'scattering.'], { usage: usage() });
const FAULTS = [
  () => fault.overloaded(),
  () => fault.internal(),
  () => fault.reset(),
  () => fault.streamCutAfter(2),
  () => fault.blockedPrompt(),
  () => fault.blockedResponse(),
  () => fault.empty(),
  () => fault.invalidArgument(),
];

const gemini = await fakeGemini();
gemini.latency({ chunkMs: 5 });
gemini.always(({ method }) => {
  if (method === 'countTokens' || random() < 0.7) return good();
  // Rare, since it closes the gate for everybody.
  return random() < 0.02 ? fault.quotaPerMinute({ retryDelay: '0.1s' }) : pick(FAULTS)();
});

const lines = [];
const write = (level) => (message, record) => void lines.push({ level, message, ...record });
const metrics = new Registry();
const guard = geminiGuard({
  log: { info: write('info'), warn: write('warn'), error: write('error') },
  metrics,
  rateLimit: { requests: 4000, key: (req) => String(req.headers['x-caller']) },
  retry: { baseMs: 5 },
  failover: { models: [OTHER] },
  tokenLimit: { maxInputTokens: 2000 },
  bulkhead: { concurrency: 16, queue: 16 },
  circuitBreaker: { minimumCalls: 30, openMs: 300, maxWaitMs: 200 },
  quota: { limits: { [MODEL]: { rpm: 100_000 } }, maxWaitMs: 1000 },
  prices: { [MODEL]: { input: 0.75, output: 3.75, cached: 0.075 } },
});

/** Events as the user sees them. */
const told = {
  events: {},
  requests: new Map(),
  late: {
    attempts: 0,
    retries: 0,
    waitMs: 0,
    costUsd: 0,
    tokens: { input: 0, output: 0, cached: 0, thoughts: 0, tools: 0 },
  },
};
for (const name of [
  'attempt',
  'usage',
  'retry',
  'gate',
  'circuit',
  'queue',
  'failover',
  'limit',
  'prompt',
  'alert',
  'warning',
  'late',
  'store',
]) {
  guard.on(name, (event) => {
    told.events[name] = (told.events[name] ?? 0) + 1;
    if (told.requests.has(event.requestId)) afterwards(name, event);
    if (logged(name, event)) told.lines = (told.lines ?? 0) + 1;
  });
}
guard.on('answer', (event) => told.requests.set(event.requestId, event));

/** A route that has not waited for its call: what comes of it is on no line. */
function afterwards(name, { tokens, costUsd = 0, waitMs = 0, state }) {
  const { late } = told;
  if (name === 'attempt') late.attempts++;
  if (name === 'retry') late.retries++;
  if (name === 'retry' || state === 'waiting' || state === 'waited') late.waitMs += waitMs;
  if (name !== 'usage') return;
  late.costUsd += costUsd;
  for (const type of Object.keys(tokens)) late.tokens[type] += tokens[type];
}

/** Events that have a line of their own. */
function logged(name, { state, name: alert, kind }) {
  if (name === 'alert') return alert !== 'circuit_opened' && alert !== 'redis_lost';
  if (name === 'circuit') return state !== 'waited' && state !== 'rejected';
  if (name === 'failover') return kind !== 'context_too_long';
  return name === 'warning' || (name === 'store' && state === 'back');
}

const ai = new GoogleGenAI({ apiKey: KEY, httpOptions: { baseUrl: gemini.url, fetch: guard.fetch } });
const call = (model, contents = PROMPT) => ai.models.generateContent({ model, contents });
/** Who gives up at once may never arrive. */
const sent = { requests: 0, arrived: 0, left: 0 };
const app = express().set('env', 'test');
app.use((_req, _res, next) => {
  sent.arrived++;
  next();
});
app.use(guard);
app.get('/static', (_req, res) => res.send('no call'));
app.get('/ask/:question', async (_req, res) => res.json({ text: (await call(MODEL)).text }));
app.get('/other', async (_req, res) => res.json({ text: (await call(OTHER)).text }));
app.get('/own-model', async (_req, res) => res.json({ text: (await call(UNPRICED)).text }));
app.get('/twice', async (_req, res) => {
  const answers = await Promise.all([call(MODEL), call(OTHER)]);
  res.json({ texts: answers.map(({ text }) => text) });
});
app.get('/stream', async (_req, res) =>
  sendStream(res, await ai.models.generateContentStream({ model: MODEL, contents: PROMPT })),
);
app.get('/long', async (_req, res) => res.json({ text: (await call(MODEL, `${PROMPT} `.repeat(3000))).text }));
app.get('/sorry', async (_req, res) =>
  res.json({
    text: await call(MODEL).then(
      ({ text }) => text,
      () => 'Sorry.',
    ),
  }),
);
app.get('/teapot', (_req, res) => res.status(418).end());
const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');
const url = `http://127.0.0.1:${server.address().port}`;

const PATHS = [
  '/ask/1',
  '/ask/2',
  '/ask/3',
  '/stream',
  '/stream',
  '/other',
  '/own-model',
  '/twice',
  '/long',
  '/sorry',
  '/static',
  '/teapot',
  '/nowhere',
];
const until = Date.now() + seconds * 1000;
await Promise.all(Array.from({ length: CLIENTS }, (_, i) => visitor(`caller-${i % 5}`)));
while (told.requests.size < sent.arrived && Date.now() < until + 15_000) await sleep(20);
await sleep(100);
await guardedFailures();

async function visitor(caller) {
  while (Date.now() < until) {
    const leaving = new AbortController();
    const isLeaving = random() < 0.1;
    if (isLeaving) setTimeout(() => leaving.abort(), random() * 40);
    sent.requests++;
    try {
      const response = await fetch(url + pick(PATHS), { headers: { 'x-caller': caller }, signal: leaving.signal });
      await response.text();
    } catch {
      sent.left++;
    }
  }
}

/** At the end a caller who is over his limit, and calls of no request. */
async function guardedFailures() {
  await Promise.all([guard.run(() => call(MODEL)).catch(() => {}), guard.run(() => 'nothing')]);
  sent.arrived += 2;
}

const wrong = [];
function equal(what, a, b, tolerance = 0) {
  if (!(Math.abs((a ?? 0) - (b ?? 0)) <= tolerance)) wrong.push({ what, a: a ?? 0, b: b ?? 0 });
}

const stats = guard.stats();
const text = await metrics.metrics();
const samples = [...text.matchAll(/^gemini_guard_(\w+?)(?:\{(.*)\})? (\S+)$/gm)].map(
  ([, name, labels = '', value]) => ({
    name,
    labels: Object.fromEntries([...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, of]) => [key, of])),
    value: Number(value),
  }),
);
const metric = (name, fits = {}) =>
  samples
    .filter(
      (sample) => sample.name === name && Object.entries(fits).every(([key, value]) => sample.labels[key] === value),
    )
    .reduce((sum, { value }) => sum + value, 0);
const requests = lines.filter(({ message }) => message === 'gemini-guard request');
const sumOf = (list, of) => list.reduce((sum, item) => sum + (of(item) ?? 0), 0);
const groups = (list, of) => {
  const counts = {};
  for (const item of list) counts[of(item)] = (counts[of(item)] ?? 0) + 1;
  return counts;
};

// Lines are requests and events.
equal('requests that arrived, log lines of requests', sent.arrived, requests.length);
equal('log lines, requests and events that are logged', lines.length, requests.length + (told.lines ?? 0));
equal('lost lines', stats.droppedLines, 0);

// Metrics are the sum of the log.
equal('requests', metric('requests_total'), requests.length);
for (const by of ['code', 'kind', 'model']) {
  for (const [value, count] of Object.entries(groups(requests, (line) => line[by] || 'none'))) {
    if (by === 'model' && value === UNPRICED) continue;
    equal(`requests by ${by} ${value}`, metric('requests_total', { [by]: value }), count);
  }
}
for (const [route, count] of Object.entries(
  groups(requests, (line) => (line.unmatched ? 'unmatched' : line.route || 'none')),
)) {
  equal(`requests of ${route}`, metric('requests_total', { route }), count);
  equal(`stats of ${route}`, stats.routes[route]?.requests, count);
}
equal('durations counted', metric('request_duration_seconds_count'), requests.length);
equal('durations', metric('request_duration_seconds_sum'), sumOf(requests, (line) => line.durationMs) / 1000, 1e-6);
equal(
  'first contents',
  metric('first_content_seconds_count'),
  requests.filter((line) => line.firstContentMs !== undefined).length,
);
equal(
  'attempts',
  metric('upstream_attempts_total') - told.late.attempts,
  sumOf(requests, (line) => line.attempts),
);
equal(
  'retries',
  metric('retries_total') - told.late.retries,
  sumOf(requests, (line) => line.retries),
);
equal('saved', metric('requests_saved_total'), requests.filter((line) => line.saved).length);
equal('failovers', metric('failovers_total'), requests.filter((line) => line.requestedModel !== undefined).length);
// Each wait is rounded to a millisecond on the line.
const waits = sumOf(requests, (line) => line.waitsMs.length);
equal(
  'waits',
  metric('wait_seconds_total') - told.late.waitMs / 1000,
  sumOf(requests, (line) => sumOf(line.waitsMs, (ms) => ms)) / 1000,
  waits * 0.0005 + 1e-6,
);
for (const type of ['input', 'output', 'cached', 'thoughts', 'tools']) {
  const inTime = metric('tokens_total', { type }) - told.late.tokens[type];
  equal(
    `tokens ${type}`,
    inTime,
    sumOf(requests, (line) => line.tokens[type]),
  );
}
equal(
  'dollars',
  metric('cost_usd_total') - told.late.costUsd,
  sumOf(requests, (line) => line.costUsd),
  1e-6,
);
equal('late', metric('late_failures_total'), told.events.late);

// Stats are the sum of the metrics.
const { total } = stats;
equal('stats: requests', total.requests, metric('requests_total'));
for (const code of Object.keys(total.codes))
  equal(`stats: ${code}`, total.codes[code], metric('requests_total', { code }));
for (const kind of Object.keys(total.kinds))
  equal(`stats: ${kind}`, total.kinds[kind], metric('requests_total', { kind }));
const failed = metric('requests_total', { outcome: 'failed' }) + metric('requests_total', { outcome: 'refused' });
equal('stats: error rate', total.errorRate * total.requests, failed, 1e-6);
equal('stats: attempts', total.attempts, metric('upstream_attempts_total'));
equal('stats: retries', total.retries, metric('retries_total'));
equal('stats: saved', total.saved, metric('requests_saved_total'));
equal('stats: failovers', total.failovers, metric('failovers_total'));
equal('stats: dollars', total.costUsd, metric('cost_usd_total'), 1e-6);
for (const type of Object.keys(total.tokens))
  equal(`stats: tokens ${type}`, total.tokens[type], metric('tokens_total', { type }));
for (const [name, by] of [
  ['models', 'model'],
  ['keys', 'key'],
]) {
  for (const [label, figures] of Object.entries(stats[name])) {
    equal(`stats: attempts of ${label}`, figures.attempts, metric('upstream_attempts_total', { [by]: label }));
    equal(`stats: tokens of ${label}`, figures.tokens.input, metric('tokens_total', { [by]: label, type: 'input' }));
    equal(`stats: dollars of ${label}`, figures.costUsd, metric('cost_usd_total', { [by]: label }), 1e-6);
  }
  for (const field of ['requests', 'attempts', 'costUsd', 'saved']) {
    equal(
      `stats: ${field} of all ${name}`,
      sumOf(Object.values(stats[name]), (figures) => figures[field]),
      total[field],
      1e-6,
    );
  }
}
equal(
  'stats: refusals',
  stats.prompts + stats.limits + (stats.queues.rejected ?? 0) + (stats.circuits.rejected ?? 0),
  sumOf(['tokenLimit', 'rateLimit', 'bulkhead', 'circuitBreaker'], (part) => metric('refusals_total', { part })),
);
equal('in flight', metric('inflight'), 0);

// Percentiles of all durations, as they are known from the log.
const durations = requests.map(({ durationMs }) => durationMs).sort((a, b) => a - b);
for (const [name, share] of Object.entries({ p50: 0.5, p90: 0.9, p95: 0.95, p99: 0.99 })) {
  const exact = durations[Math.ceil(share * durations.length) - 1];
  equal(`stats: ${name}`, total.latencyMs[name], exact, exact / 32);
}
for (const [where, said] of [
  ['the metrics', text],
  ['stats', JSON.stringify(stats)],
  ['the log', JSON.stringify(lines)],
]) {
  for (const secret of [KEY, PROMPT]) if (said.includes(secret)) wrong.push({ what: `a secret in ${where}` });
}

await guard.close();
server.closeAllConnections();
server.close();
await gemini.close();
const seen = {
  codes: total.codes,
  retries: total.retries,
  failovers: total.failovers,
  saved: total.saved,
  costUsd: total.costUsd,
  late: told.late,
};
console.log(JSON.stringify({ seconds, sent, lines: lines.length, events: told.events, ...seen, wrong }, undefined, 1));
process.exit(wrong.length === 0 ? 0 : 1);
