import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../src/clock.ts';
import { readRedis } from '../../src/store/redis-options.ts';
import { SharedState } from '../../src/store/shared-state.ts';
import type { Ask, LedgerName, Place, Refusal } from '../../src/store/store.ts';
import { type Connected, openIo } from './clients.ts';
import type { RedisServer } from './redis-server.ts';

export const NAME: LedgerName = { host: 'gemini.test', project: 'p', resource: 'm' };

export function ask(limits: Ask['limits'] = {}, more: Partial<Ask> = {}): Ask {
  return { tokens: 10, limits, maxWaitMs: 0, ...more };
}

/** One process of many, as far as Redis can tell: a client and a shared state of its own. */
export interface Member {
  readonly shared: SharedState;
  readonly told: { event: string; state?: string; reason?: string; message?: string; mode?: string }[];
  readonly user: Connected;
  reserve(given: Ask, name?: LedgerName): Promise<Place | Refusal>;
  close(): Promise<void>;
}

export async function member(
  server: RedisServer,
  clock: Clock,
  { open = openIo, ...options }: { open?: typeof openIo; outage?: string; prefix?: string } = {},
): Promise<Member> {
  const user = await open(server.port);
  const shared = new SharedState(readRedis({ client: user.client, ...options } as never), clock);
  const told: Member['told'] = [];
  shared.start((event, data) => void told.push({ event, ...data }));
  return {
    shared,
    told,
    user,
    reserve: async (given, name = NAME) => shared.store.reserve(name, given, clock),
    async close() {
      await shared.close();
      user.end();
    },
  };
}

/** Waits for what happens in another process. */
export async function until(holds: () => unknown, mostMs = 60_000): Promise<number> {
  const begun = performance.now();
  while (!(await holds())) {
    if (performance.now() - begun > mostMs) throw new Error(`not within ${mostMs} ms: ${holds}`);
    await sleep(5);
  }
  return performance.now() - begun;
}

export async function isUp(...members: Member[]): Promise<void> {
  await until(() => members.every(({ shared }) => shared.link.isUp && shared.processes >= members.length));
}

/** How many of these calls were let in. */
export async function taken(member: Member, times: number, given: Ask): Promise<number> {
  const answers = await Promise.all(Array.from({ length: times }, () => member.reserve(given)));
  return answers.filter((answer) => answer.taken).length;
}
