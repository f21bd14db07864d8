import { systemClock } from '../../src/clock.ts';
import { faceOf } from '../../src/store/redis-client.ts';
import { SharedState } from '../../src/store/shared-state.ts';
import type { Ask, LedgerName, Place, Refusal } from '../../src/store/store.ts';
import { RedisNetwork, type RedisTrouble, type SimulatedClient } from '../simulation/redis/network.ts';
import { VirtualClock } from '../simulation/virtual-clock.ts';

export const NAME: LedgerName = { host: 'gemini.test', project: 'p', resource: 'm' };

export function ask(limits: Ask['limits'] = {}, more: Partial<Ask> = {}): Ask {
  return { tokens: 10, limits, maxWaitMs: 0, ...more };
}

/** One process of many, in virtual time. */
export interface Member {
  readonly shared: SharedState;
  readonly client: SimulatedClient;
  readonly told: object[];
  reserve(given: Ask, name?: LedgerName): Promise<Place | Refusal>;
  /** How many of so many calls at once are let in. */
  taken(times: number, given: Ask): Promise<number>;
  close(): Promise<void>;
}

/** Processes around one Redis of the simulation: its true scripts, and time that passes at once. */
export class World {
  readonly clock: VirtualClock = new VirtualClock(Date.UTC(2026, 10, 24, 12));
  readonly network: RedisNetwork = new RedisNetwork(this.clock.face(), () => 0.5);
  readonly face: ReturnType<VirtualClock['face']> = this.clock.face();
  readonly members: Member[] = [];

  pass(ms: number): Promise<void> {
    return this.face.pass(ms);
  }

  /** From now on, for so long. */
  trouble(kind: RedisTrouble['kind'], forMs: number, process = 0): Promise<void> {
    this.network.trouble({ at: 0, forMs, kind, process });
    return this.pass(0);
  }

  /** Processes that have found Redis and each other. */
  async join(count: number, outage: SharedState['outage'] = 'share', prefix = 'gg:'): Promise<Member[]> {
    const joined = Array.from({ length: count }, () => this.begin(outage, prefix));
    await this.pass(2500);
    return joined;
  }

  /** A process that has just begun. */
  begin(outage: SharedState['outage'] = 'share', prefix = 'gg:', status: SimulatedClient['status'] = 'ready'): Member {
    const client = this.network.client();
    client.status = status;
    const shared = new SharedState({ client: faceOf(client), prefix, outage });
    const told: object[] = [];
    shared.start((event, data) => void told.push({ event, ...data }));
    const reserve: Member['reserve'] = async (given, name = NAME) => shared.store.reserve(name, given, systemClock);
    let isClosed = false;
    const member: Member = {
      shared,
      client,
      told,
      reserve,
      async taken(times, given) {
        const answers = await Promise.all(Array.from({ length: times }, () => reserve(given)));
        return answers.filter((answer) => answer.taken).length;
      },
      async close() {
        if (!isClosed) await shared.close();
        isClosed = true;
      },
    };
    this.members.push(member);
    return member;
  }

  /** How many are let in by each, when each tries this often. */
  inAll(times: number, given: Ask): Promise<number[]> {
    return Promise.all(this.members.map((member) => member.taken(times, given)));
  }

  /** Each asks once more, and is refused: it knows of what the others have used. */
  async allHear(given: Ask): Promise<void> {
    for (const member of this.members) await member.reserve({ ...given, maxWaitMs: -1 });
  }

  /** Redis knows the scripts from now on: what it is sent by name it runs, also when nobody waits for the answer any more. */
  async warm(): Promise<void> {
    const [member] = this.members as [Member];
    const name = { ...NAME, resource: 'warm' };
    const place = (await member.reserve(ask(), name)) as Place;
    member.shared.store.release(name, place, systemClock);
    await member.shared.store.close(name, { kind: 'rate_limited' }, 1, systemClock);
    await this.pass(50);
  }

  /** Each finds out that Redis is lost, by a call for something else. */
  async lost(): Promise<void> {
    await Promise.all(this.members.map((member) => member.reserve(ask(), { ...NAME, resource: 'other' })));
  }
}

const real = { ...systemClock };

/** A test in virtual time: `systemClock` is the world's as long as it runs. */
export function virtually(run: (world: World) => Promise<void>): () => Promise<void> {
  return async () => {
    const world = new World();
    const { now, date, setTimeout, clearTimeout } = world.face;
    Object.assign(systemClock, { now, date, setTimeout, clearTimeout });
    try {
      const over = run(world).finally(() => Promise.all(world.members.map((member) => member.close())));
      await world.clock.until(over);
      await over;
    } finally {
      Object.assign(systemClock, real);
    }
  };
}
