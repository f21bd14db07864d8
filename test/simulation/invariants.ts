import type { Limits } from '../../src/store/store.ts';
import { SLICE_MS } from '../../src/store/windows.ts';
import type { History, Sent } from './world.ts';

const MINUTE = 60_000;

/** What must hold in every world; the sentences that do not. */
export function violations(history: History): string[] {
  return [
    ...oneOutcomeEach(history),
    ...nothingAfterTheEnd(history),
    ...noCallBeforeItsTime(history),
    ...noWindowOverItsLimit(history),
    ...nothingLeft(history),
    ...truthfulRefusals(history),
    ...noRefusalThatWasForeseeable(history),
  ];
}

function oneOutcomeEach({ settings, outcomes }: History): string[] {
  const visitors = new Set(outcomes.map(({ visitor }) => visitor));
  if (visitors.size === settings.visitors.length && outcomes.length === settings.visitors.length) return [];
  return [`${settings.visitors.length} visitors, ${outcomes.length} outcomes`];
}

/** No attempt is made for somebody who has left, or whose time is up; whoever leaves is let go at once. */
function nothingAfterTheEnd({ settings, sent, outcomes }: History): string[] {
  const end = (i: number): number => {
    const { at, leavesAt, deadlineMs } = settings.visitors[i] as (typeof settings.visitors)[number];
    return Math.min(leavesAt, at + deadlineMs);
  };
  return [
    ...sent.filter((call) => call.at >= end(call.visitor)).map((call) => `sent after its end: ${JSON.stringify(call)}`),
    ...outcomes
      .filter(({ visitor, at }) => at > (settings.visitors[visitor]?.leavesAt ?? Infinity))
      .map(({ visitor }) => `visitor ${visitor} was kept after leaving`),
  ];
}

/** Once a process knows that a gate is closed, no call of it starts before the time that Google named. */
function noCallBeforeItsTime({ settings, sent, closings }: History): string[] {
  if (settings.quota.enforce === false) return [];
  return closings.flatMap(({ at, process, project, until }) =>
    sent
      .filter((call) => call.project === project && (settings.shares || call.process === process))
      .filter((call) => call.at > at && call.at < until - 2)
      .map((call) => `sent through a gate closed from ${at} to ${until}: ${JSON.stringify(call)}`),
  );
}

/** What one process sends, or several that share a ledger, never exceeds a configured limit in any sixty seconds. */
function noWindowOverItsLimit({ settings, sent, ledgers }: History): string[] {
  const { limits = {}, enforce } = settings.quota;
  const { rpm = Infinity, tpm = Infinity }: Limits = limits.m ?? {};
  if (enforce === false || ledgers.length === 0) return [];
  const groups = new Map<string, Sent[]>();
  for (const call of sent) {
    if (call.isRefused) continue;
    const name = `${call.project} ${settings.shares ? '' : call.process}`;
    groups.set(name, [...(groups.get(name) ?? []), call]);
  }
  const found: string[] = [];
  for (const calls of groups.values()) {
    for (const last of calls) {
      const inside = calls.filter(({ at }) => at <= last.at && at > last.at - MINUTE);
      const tokens = inside.reduce((sum, call) => sum + call.tokens, 0);
      if (inside.length > rpm) found.push(`${inside.length} requests of ${rpm} in the minute before ${last.at}`);
      // Only where the estimates are not too low: otherwise nobody could know.
      if (settings.estimate >= 1 && tokens > tpm) found.push(`${tokens} tokens of ${tpm} before ${last.at}`);
    }
  }
  return found;
}

/** After the last answer: no timer, nobody in a line, and the ledgers hold what was counted. */
function nothingLeft({ timersLeft, waiting, ledgers, sent, settings, endedAt }: History): string[] {
  const found: string[] = [];
  if (timersLeft > 0) found.push(`${timersLeft} timers left`);
  if (waiting > 0) found.push('somebody still stands in a line');
  const counted = sent.filter(({ isRefused }) => !isRefused);
  // A shared ledger is told once for each process.
  const copies = settings.shares ? settings.processes : 1;
  const sum = (what: 'today' | 'requests'): number => ledgers.reduce((all, { used }) => all + used[what], 0) / copies;
  if (sum('today') !== counted.length) found.push(`${sum('today')} counted of ${counted.length}`);
  const within = (ms: number): number => counted.filter(({ at }) => at > endedAt - ms).length;
  const used = sum('requests');
  if (used < within(MINUTE) || used > within(MINUTE + 1500)) {
    found.push(`${used} requests in the last window, where ${within(MINUTE)} were sent`);
  }
  return found;
}

/** A refusal of the guard's own names a time, and one that is further away than this visitor would have waited. */
function truthfulRefusals({ outcomes, settings }: History): string[] {
  const { maxWaitMs = 0 } = settings.quota;
  return outcomes.flatMap(({ error, visitor, at }) => {
    if (error?.source !== 'guard' || error.kind !== 'rate_limited') return [];
    const { retryAfterMs = 0 } = error;
    if (retryAfterMs <= 0) return [`visitor ${visitor} was refused without a time`];
    const { at: cameAt, deadlineMs } = settings.visitors[visitor] as (typeof settings.visitors)[number];
    const isLie = deadlineMs === Number.POSITIVE_INFINITY && retryAfterMs + at - cameAt < maxWaitMs - SLICE_MS;
    return isLie ? [`visitor ${visitor} was refused for ${retryAfterMs} ms, and would have waited ${maxWaitMs}`] : [];
  });
}

/** Where limits are known, estimates are not too low and nobody else is there, Google never has to refuse. */
function noRefusalThatWasForeseeable({ settings, sent }: History): string[] {
  const { quota, shares, processes, strangers, estimate } = settings;
  const isAlone = strangers.length === 0 && (shares || processes === 1);
  if (!isAlone || !quota.limits || quota.enforce === false || estimate < 1) return [];
  return sent
    .filter(({ isRefused }) => isRefused)
    .map((call) => `refused, though foreseeable: ${JSON.stringify(call)}`);
}
