// A Gemini for one trial: a port for each server under test, each with the same weather and the same dice. It writes down every
// call. Messages: `{ weather, schedule, lanes, seed }` opens the ports; `{ beginsAt }` starts the schedule; `{ log: true }` sends
// what was written down since.
import { createServer } from 'node:http';
import { bucketOf, fateOf, phaseAt } from './fate.mjs';
import { seeded } from './random.mjs';

const MODEL = 'gemini-3.8-flash';
const GOOD = JSON.stringify({
  candidates: [{ content: { parts: [{ text: 'the model answers' }], role: 'model' }, finishReason: 'STOP', index: 0 }],
  usageMetadata: { promptTokenCount: 20, candidatesTokenCount: 5, totalTokenCount: 25 },
  modelVersion: MODEL,
});
const refusal = (code, status, message, details) => [code, JSON.stringify({ error: { code, message, status, details } })];

function quotaRefusal(quotaId, metric, value, waitMs) {
  const type = 'type.googleapis.com/google.rpc';
  const wait = `${Math.floor(Math.max(0, waitMs) / 1000)}s`;
  return refusal(429, 'RESOURCE_EXHAUSTED', `You exceeded your current quota. Please retry in ${waitMs / 1000}s.`, [
    { '@type': `${type}.QuotaFailure`, violations: [{ quotaMetric: `generativelanguage.googleapis.com/${metric}`, quotaId, quotaValue: String(value) }] },
    { '@type': `${type}.RetryInfo`, retryDelay: wait },
  ]);
}

const ANSWERS = {
  ok: () => [200, GOOD],
  slow: () => [200, GOOD],
  overloaded: () => refusal(503, 'UNAVAILABLE', 'The model is overloaded. Please try again later.'),
  invalid: () => refusal(400, 'INVALID_ARGUMENT', 'Request contains an invalid argument.'),
  quota: (leftMs) => quotaRefusal('GenerateRequestsPerMinutePerProjectPerModel', 'generate_requests_per_model', 300, leftMs),
  dayQuota: () =>
    quotaRefusal('GenerateRequestsPerDayPerProjectPerModel-FreeTier', 'generate_content_free_tier_requests', 250, 36_400),
};

let beginsAt = Infinity;
const logs = [];

function lane({ weather, schedule, seed }, log) {
  const random = seeded(seed);
  let hasRoom;
  const server = createServer((req, res) => {
    const at = performance.now() - beginsAt;
    hasRoom ??= at >= 0 && schedule.capacity ? bucketOf(schedule.capacity) : undefined;
    const call = { at, visitor: -1, endedAt: -1 };
    log.push(call);
    let body = '';
    req.setEncoding('utf8').on('data', (text) => (body += text));
    res.on('close', () => (call.endedAt = performance.now() - beginsAt));
    req.on('end', () => {
      call.visitor = Number(/visitor (\d+)/.exec(body)?.[1] ?? -1);
      const phase = at >= 0 ? phaseAt(schedule, at) : {};
      const turnedAway = hasRoom && !hasRoom(at) ? { overloaded: 1 } : undefined;
      const { what, ms } = fateOf(turnedAway ?? phase, weather, random);
      if (what === 'hang') return;
      setTimeout(() => {
        if (res.destroyed) return;
        if (what === 'reset') return req.socket.resetAndDestroy();
        const [status, text] = ANSWERS[what]((phase.to ?? 0) - at);
        res.writeHead(status, { 'content-type': 'application/json; charset=UTF-8' }).end(text);
      }, ms);
    });
  });
  server.keepAliveTimeout = 0;
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)));
}

process.send({});
process.on('message', async (message) => {
  if (message.lanes) {
    for (let i = 0; i < message.lanes; i++) logs.push([]);
    process.send({ ports: await Promise.all(logs.map((log) => lane(message, log))) });
  } else if (message.beginsAt !== undefined) {
    beginsAt = message.beginsAt;
    for (const log of logs) log.length = 0;
    process.send({});
  } else process.send({ logs });
});
