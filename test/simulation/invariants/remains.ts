import { inspect } from 'node:util';
import { SECRETS } from '../world/questions.ts';
import { grouped, type Invariant, sentText } from './facts.ts';

/** I6: no more calls are under way than a bulkhead lets in, and none is turned away while there is room. */
export const bulkheadHolds: Invariant = (facts) => {
  const { concurrency, queue = 512, enforce } = facts.settings.guard.bulkhead;
  if (enforce === false) return [];
  const found: string[] = [];
  const waited = facts.history.of('queue').filter(({ data }) => data.state === 'waited' && data.waitMs > 0);
  for (const { at, process, data } of waited) {
    const since = at - data.waitMs;
    const others = waited.filter(
      (one) => one.process === process && one.at > since && one.at - one.data.waitMs <= since,
    );
    if (others.length > queue) found.push(`${others.length} calls in a queue of ${queue} at ${since}`);
  }
  const rejected = facts.history.of('queue').filter(({ data }) => data.state === 'rejected');
  for (const [process, calls] of grouped(facts.attempts(), (call) => String(call.process))) {
    const openAt = (order: number): number =>
      calls.filter((call) => call.order <= order && (call.closedOrder ?? Number.POSITIVE_INFINITY) > order).length;
    for (const call of calls) {
      const open = openAt(call.order);
      if (open > concurrency) found.push(`${open} calls of ${concurrency} at once: ${sentText(call)}`);
    }
    for (const { order, at } of rejected.filter((one) => String(one.process) === process)) {
      // Those that end in this very moment have not let go of their places yet, and those who got them have not sent.
      const changing = calls.filter((call) => call.closedAt === at || call.at === at).length;
      if (openAt(order) + changing < concurrency)
        found.push(`turned away at ${at}, with ${openAt(order)} of ${concurrency} under way`);
    }
  }
  return found;
};

/** I11: after the last answer nothing is left: no timer, no socket, no listener, nobody in a line, every place free. */
export const nothingLeft: Invariant = (facts) => {
  const { history, settings } = facts;
  const found: string[] = history.sent
    .filter(({ at, process, closedAt = Number.POSITIVE_INFINITY }) => {
      const quietAt = history.quiet[process]?.at ?? 0;
      return closedAt > (at < quietAt ? quietAt : Number.MAX_VALUE);
    })
    .map((call) => `a socket was left open: ${sentText(call)}`);
  if (history.listenersLeft > 0) found.push(`${history.listenersLeft} listeners left`);
  for (const [process, { status, timers, timersAfter, at }] of history.quiet.entries()) {
    const { bulkhead, quota } = status.parts as {
      bulkhead: { running: number; waiting: number };
      quota: { waiting: object[] };
    };
    // The heartbeat goes on, and the question whether Redis answers: once for each ledger, where it has been away.
    const most = facts.hasRedisTrouble ? Number.POSITIVE_INFINITY : settings.redis ? 2 * settings.processes : 0;
    if (timers > most) found.push(`${timers} timers left in process ${process} at ${at}`);
    if (timersAfter > 0) found.push(`${timersAfter} timers left in process ${process} after close()`);
    if (status.calls.inFlight > 0) found.push(`${status.calls.inFlight} calls under way for ever`);
    if (bulkhead.running + bulkhead.waiting > 0)
      found.push(`a bulkhead with ${bulkhead.running} + ${bulkhead.waiting} calls for ever`);
    if (quota.waiting.length > 0) found.push(`somebody stands in line for ever: ${JSON.stringify(quota.waiting)}`);
  }
  const { closing } = history;
  if (closing && settings.closing && closing.endedAt > closing.begunAt + settings.closing.graceMs + 200) {
    found.push(`close() took ${closing.endedAt - closing.begunAt} ms of ${settings.closing.graceMs}`);
  }
  return found;
};

/** I10: neither a key nor a prompt comes out anywhere. */
export const noSecretOut: Invariant = ({ history }) => {
  if (!history.settings.upstream.echoes) return [];
  const places: [string, () => string][] = [
    ['a log', () => history.said.join('\n')],
    ['an event', () => JSON.stringify(history.told.map(({ data }) => data))],
    ['an answer', () => history.outcomes.map(({ wire }) => wire?.text ?? '').join('\n')],
    [
      'an error',
      () => history.asks.map(({ error }) => `${inspect(error)} ${JSON.stringify(error)} ${String(error)}`).join('\n'),
    ],
    ['the status', () => JSON.stringify(history.quiet)],
  ];
  return places.flatMap(([place, text]) => {
    const said = text();
    return SECRETS.filter((secret) => said.includes(secret)).map((secret) => {
      const at = said.indexOf(secret);
      return `${secret} in ${place}: ${said.slice(Math.max(0, at - 80), at + 20)}`;
    });
  });
};
