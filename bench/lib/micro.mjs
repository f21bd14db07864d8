// argv: ns or bytes, then long, short or tiny. Sends its rows to who has started it.
import { MemoryStore } from '../../dist/esm/store/memory.js';
import { systemClock } from '../../dist/esm/clock.js';
import { geminiGuard } from '../../dist/esm/index.js';
import { consoleLines } from '../../dist/esm/observe/console-lines.js';
import { logPart } from '../../dist/esm/observe/log.js';
import { LightHeaders } from '../../dist/esm/upstream/light-headers.js';
import { targetOf } from '../../dist/esm/upstream/target.js';
import { WholeResponse } from '../../dist/esm/upstream/whole-response.js';
import { median } from './stats.mjs';

const [what, length] = process.argv.slice(2);
const [batches, most] = { long: [25, 4000], short: [5, 4000], tiny: [1, 50] }[length];
const calls = what === 'bytes' ? Math.min(500, most) : most;

const URL_ = 'https://generativelanguage.googleapis.com/v1beta/models/gemini-3.8-flash:generateContent';
const TEXT = JSON.stringify({
  candidates: [{ content: { parts: [{ text: 'a short answer '.repeat(25) }], role: 'model' }, finishReason: 'STOP' }],
  usageMetadata: { promptTokenCount: 214, candidatesTokenCount: 96 },
});
const head = { status: 200, statusText: 'OK', url: URL_, headers: new LightHeaders({ 'content-type': 'application/json' }) };

const guard = geminiGuard({ log: false });
const canned = async () => new Response(TEXT, { headers: { 'content-type': 'application/json', 'content-length': String(TEXT.length) } });
const cannedGuard = geminiGuard({ log: false, transport: canned });
const init = () => ({ method: 'POST', headers: new Headers({ 'content-type': 'application/json', 'x-goog-api-key': 'k' }), body: '{"contents":[]}' });

// With all its members from the beginning, as the seam makes it.
const call = {
  region: undefined, apiKey: undefined, patienceMs: undefined, beforeSend: undefined, isProbe: undefined,
  canBeCut: undefined, hasStandIn: undefined, rejectBlocked: true, atEnd: undefined,
  id: 'request-1', method: 'generateContent', model: 'gemini-3.8-flash', host: 'generativelanguage.googleapis.com',
  key: 'label', project: 'label', isMovable: true, repeat: 'always', signal: new AbortController().signal,
  deadline: Number.POSITIVE_INFINITY, startedAt: systemClock.now(), attempt: 1,
  limits: { attemptMs: Infinity, firstByteMs: Infinity, idleMs: Infinity },
  clock: systemClock, random: Math.random, emit() {}, alert() {}, isKeyed: true, store: new MemoryStore(), caller: 'caller',
  prompt: { tokens: () => 10, isCounted: () => false, count: async () => undefined, media: new Set(), isBound: false },
};
const usage = { promptTokenCount: 10 };
const ended = async (policy) => {
  const ends = [];
  const answer = await policy({ ...call, atEnd: (end) => ends.push(end) }, async (passed) => {
    if (passed.beforeSend) await passed.beforeSend();
    return 'answer';
  });
  for (const end of ends) end(usage);
  return answer;
};
const policies = [...guard.policies];
const whole = policies.reduceRight((inner, [, policy]) => (passed) => policy(passed, inner), async (passed) => {
  if (passed.beforeSend) await passed.beforeSend();
  return 'answer';
});

const line = logPart();
const answer = {
  startedAt: new Date().toISOString(), requestId: 'request-1', route: 'POST /ask', code: 'ok', status: 200, model: 'gemini-3.8-flash',
  attempts: 1, waitsMs: [], tokens: { input: 1, output: 2, cached: 0, thoughts: 0, tools: 0 }, durationMs: 5, upstreamMs: 4,
};

let lines = 0;
const WHAT = {
  'nothing: an async call': async () => {},
  'no policy: the call alone': () => ended(async (passed, next) => next(passed)),
  ...Object.fromEntries(policies.map(([name, policy]) => [name, () => ended(policy)])),
  'all policies': () => ended((passed, next) => whole(passed, next)),
  'the line of a request': async () => {
    line.observe('answer', answer);
    // The lines of a turn are one write; sixteen are few under load.
    if (++lines % 16 === 0) consoleLines.flush();
  },
  'what a URL asks for': async () => targetOf(URL_, 'POST'),
  'an answer as a Response, read as JSON': () => new WholeResponse(TEXT, head).json(),
  'the same by the Response of Node': () => new Response(TEXT, { headers: { 'content-type': 'application/json' } }).json(),
  'the whole seam over a canned Response': async () => (await cannedGuard.fetch(URL_, init())).json(),
  'a canned Response without it': async () => (await canned(URL_, init())).json(),
};

const rows = Object.keys(WHAT).map((name) => ({ name, seen: [] }));
for (let batch = -3; batch < batches; batch++) {
  // One batch of each in turn, so that all see the same machine.
  for (const row of rows) {
    const run = WHAT[row.name];
    globalThis.gc();
    const before = what === 'bytes' ? process.memoryUsage().heapUsed : 0;
    const begun = process.cpuUsage();
    for (let i = 0; i < calls; i++) await run();
    const { user, system } = process.cpuUsage(begun);
    const spent = what === 'bytes' ? process.memoryUsage().heapUsed - before : (user + system) * 1000;
    if (batch >= 0) row.seen.push(spent / calls);
  }
}
process.send(
  rows.map(({ name, seen }) => ({ name, mid: median(seen), low: Math.min(...seen), high: Math.max(...seen) })),
);
