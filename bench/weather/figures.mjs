import { quantile } from '../lib/stats.mjs';

/** A call that is still under way this long (of real time) after its visitor has left is one too many. */
const ALIVE_MS = 100;

/** What the visitors of one server got, and what it asked of its upstream for them. */
export function figuresOf({ burst }, visits, calls, factor) {
  const answered = visits.filter(({ status }) => status === '200');
  const isIn = ({ at }) => burst !== undefined && at >= burst[0] && at < burst[1];
  const ms = (some, q) => (some.length > 0 ? quantile(some.map(({ at, endedAt }) => endedAt - at), q) : undefined);
  const mine = calls.filter(({ visitor }) => visitor >= 0 && visitor < visits.length);
  const failedLater = visits.filter((visit) => burst && visit.at >= burst[1] && visit.status !== '200');
  const inBurst = visits.filter(isIn);
  const statuses = {};
  for (const { status } of visits) statuses[status] = (statuses[status] ?? 0) + 1;
  return {
    visitors: visits.length,
    success: answered.length / visits.length,
    p50: ms(answered, 0.5),
    p99: ms(answered, 0.99),
    p50Calm: ms(answered.filter((visit) => !isIn(visit)), 0.5),
    calls: mine.length / visits.length,
    ...(burst
      ? {
          burstSuccess: inBurst.filter(({ status }) => status === '200').length / inBurst.length,
          burstCalls: mine.filter(isIn).length / inBurst.length,
          recoveryMs: failedLater.length > 0 ? Math.max(...failedLater.map(({ at }) => at)) - burst[1] : 0,
        }
      : {}),
    left: statuses.left ?? 0,
    alive: mine.filter(({ visitor, endedAt }) => {
      const { status, endedAt: leftAt } = visits[visitor];
      return status === 'left' && (endedAt < 0 || endedAt > leftAt + ALIVE_MS * factor);
    }).length,
    statuses,
  };
}
