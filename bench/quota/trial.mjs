import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { fakeGemini } from 'gemini-guard/testing';
import { fastClock } from './fast-clock.mjs';

const MODEL = 'gemini-3.8-flash';
const MINUTE_MS = 60_000;

/**
 * Offers `load` times a quota to some guarded processes, for some minutes of a fast clock, and counts what comes through.
 * @param {{ processes: number, limits: { rpm?: number, tpm?: number }, redis?: string, minutes?: number, load?: number,
 *   factor?: number, sizes?: readonly number[], maxWaitMs?: number, configured?: boolean,
 *   disturb?: (at: number) => unknown }} plan `sizes` of prompts in tokens, in turn
 */
export async function trial(plan) {
  const { processes, limits, redis, minutes = 4, load = 2, factor = 10, sizes = [50], maxWaitMs = 90_000 } = plan;
  const epoch = Date.now();
  const clock = fastClock(factor, epoch);
  const gemini = await fakeGemini({ limits: { [MODEL]: limits }, now: clock.date, latencyMs: 5 });
  const settings = { upstream: gemini.url, redis, factor, epoch, maxWaitMs, model: MODEL };
  if (plan.configured) settings.limits = { [MODEL]: limits };
  const workers = await Promise.all(Array.from({ length: processes }, () => startWorker(settings)));
  const agent = new Agent({ keepAlive: true });
  try {
    const mean = sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
    const perMinute = load * Math.min(limits.rpm ?? Infinity, (limits.tpm ?? Infinity) / mean);
    const begun = clock.now();
    const endsAt = begun + minutes * MINUTE_MS;
    const statuses = {};
    const open = new Set();
    for (let i = 0; clock.now() < endsAt - 1000; i++) {
      await clockAt(clock, begun + (i * MINUTE_MS) / perMinute, factor);
      plan.disturb?.(clock.now() - begun);
      const visitor = ask(agent, workers[i % processes].port, sizes[i % sizes.length]).then((status) => {
        statuses[status] = (statuses[status] ?? 0) + 1;
        open.delete(visitor);
      });
      open.add(visitor);
    }
    await clockAt(clock, endsAt - 500, factor);
    const calls = gemini.calls.filter(({ method }) => method === 'generateContent');
    return { ...sum(calls, { limits, minutes, sizes }), processes, statuses, waiting: open.size };
  } finally {
    agent.destroy();
    await Promise.all(workers.map(({ close }) => close()));
    await gemini.close();
  }
}

/** What came through, as a share of what the quota allows. */
function sum(calls, { limits, minutes, sizes }) {
  const good = calls.filter(({ status }) => status === 200);
  const tokens = good.reduce((all, { promptTokens }) => all + promptTokens, 0);
  const refused = calls.filter(({ status }) => status === 429).length;
  const ofRequests = limits.rpm ? good.length / (limits.rpm * minutes) : 0;
  // What does not fit any more into the rest of a minute is smaller than the smallest prompt.
  const ofTokens = limits.tpm ? tokens / ((limits.tpm - Math.min(...sizes)) * minutes) : 0;
  return { calls: calls.length, good: good.length, tokens, refused, goodput: Math.max(ofRequests, ofTokens) };
}

async function startWorker(settings) {
  const child = fork(new URL('worker.mjs', import.meta.url), {
    env: { ...process.env, QUOTA_WORKER: JSON.stringify(settings) },
  });
  const [{ port }] = await once(child, 'message');
  return {
    port,
    child,
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.send('close');
      const timer = setTimeout(() => child.kill('SIGKILL'), 3000);
      await exited;
      clearTimeout(timer);
    },
  };
}

async function clockAt(clock, at, factor) {
  const leftMs = (at - clock.now()) / factor;
  if (leftMs > 1) await sleep(leftMs);
}

/** The status that a visitor gets, or why there was none. */
function ask(agent, port, size) {
  return new Promise((resolve) => {
    const headers = { 'content-type': 'application/json' };
    const visit = request({ agent, port, host: '127.0.0.1', method: 'POST', headers }, (res) => {
      res.resume().on('close', () => resolve(String(res.statusCode)));
    });
    visit.on('error', () => resolve('none')).end(JSON.stringify({ size }));
  });
}
