import type { OutageMode } from './outage.ts';
import { ANSWER_MS } from './redis-link.ts';

const REASONS: Readonly<Record<string, string>> = {
  NOT_READY: 'the client is not connected',
  TIMEOUT: `it did not answer within ${ANSWER_MS} ms`,
  OOM: 'its memory is full (maxmemory)',
  READONLY: 'it is a replica, which takes no writes',
  NOPERM: 'its user may not run EVAL and EVALSHA, or not write keys with this prefix',
  NOAUTH: 'it wants a password',
  WRONGPASS: 'it refused the password',
  LOADING: 'it is still loading its data',
  MISCONF: 'it cannot save to disk, and takes no writes until it can',
  CLUSTERDOWN: 'the cluster is down',
  NO_TTL: 'what is written to it does not expire',
  ERR: 'it refused a script; the guard needs Redis 5 or later, or Valkey, with EVAL',
};

const MODES: Readonly<Record<OutageMode, string>> = {
  share: 'this process goes on with its share of all limits',
  open: 'this process goes on with the whole of all limits',
  closed: 'calls are answered 503',
};

/** The loss in words, for the log: what failed, and what happens now. */
export function lossTold(reason: string, mode: OutageMode): string {
  return `Redis is out of reach: ${REASONS[reason] ?? reason}. Until it is back, ${MODES[mode]}.`;
}
