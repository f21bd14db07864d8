import type { RedisTrouble } from '../redis/network.ts';
import { FAULTS, type Fault } from '../upstream/faults.ts';
import { Chance } from './chance.ts';
import { guardOf, type Size } from './guards.ts';
import type { Question, Visitor, Weather, WorldSettings } from './settings.ts';

/** What a world is mostly about. */
export type Climate = 'quota' | 'storm' | 'outage' | 'crowd' | 'redis';

const ALL = Object.keys(FAULTS) as Fault[];
/** Of an upstream that is down. */
const DOWN: readonly Fault[] = ['overloaded', 'internal', 'refused', 'reset', 'badGateway', 'hang', 'overloadedWait'];
/** Of a project that has used up what it may. */
const LIMITED: readonly Fault[] = [
  'limitNone',
  'limitWait',
  'limitWait',
  'limitLong',
  'limitBad',
  'limitHuge',
  'limitDay',
  'limitZero',
];
/** With a heartbeat each second a day is too long. */
const LONG: readonly Fault[] = ['limitHuge', 'limitDay', 'limitZero'];

/** A world out of a seed. */
export function worldOf(seed: number): { settings: WorldSettings; random: () => number } {
  const chance = new Chance(seed);
  const climate = climateOf(chance.random());
  const isRedis = climate === 'redis';
  const processes = isRedis ? chance.pick(2, 2, 3, 4) : climate === 'quota' ? chance.pick(1, 1, 1, 2) : 1;
  // Redis is away nearly all the time, and there is quota for few.
  const isDark = isRedis && chance.is(0.25);
  const keys = isDark ? 0 : isRedis ? chance.pick(0, 2, 3) : chance.pick(0, 0, 1, 2, 3);
  const size = sizeOf(climate, chance, processes, keys);
  const { spreadMs } = size;
  const visitors = chance.list(size.visitors, () => visitorOf(size, chance));
  const weather = weatherOf(climate, spreadMs, chance);
  const limits = isDark ? { rpm: Math.max(3, processes) } : limitsOf(climate, processes, chance);
  const settings: WorldSettings = {
    seed,
    climate,
    processes,
    keys,
    guard: guardOf(size, limits, chance),
    ...(isRedis ? { redis: isDark ? darkOf(spreadMs, chance) : redisOf(spreadMs, processes, chance) } : {}),
    upstream: {
      limits,
      minute: chance.pick<'rolling' | 'first' | number>('rolling', 'first', chance.upTo(60_000)),
      names: chance.is(0.8),
      hint: chance.pick('good', 'good', 'good', 'none', 'tenth', isRedis ? 'good' : 'huge'),
      truth: chance.pick(0.6, 1, 1, 1.7),
      echoes: chance.is(0.15),
      slowestMs: chance.pick(100, 1500),
    },
    weather,
    dying:
      keys > 1 && chance.is(isRedis ? 0.9 : 0.25)
        ? [{ at: chance.upTo(spreadMs / 2), project: `p${chance.upTo(keys - 1) + 1}` }]
        : [],
    visitors,
    strangers: chance.is(climate === 'quota' ? 0.25 : 0) ? chance.list(15, () => chance.upTo(spreadMs)) : [],
    jumps: isRedis || chance.is(0.8) ? [] : [jumpOf(spreadMs, processes, chance)],
    ...(chance.is(0.15) ? { closing: closingOf(spreadMs, processes, chance) } : {}),
  };
  return { settings, random: chance.random };
}

function climateOf(x: number): Climate {
  if (x < 0.35) return 'quota';
  if (x < 0.83) return 'storm';
  if (x < 0.845) return 'outage';
  return x < 0.96 ? 'crowd' : 'redis';
}

function sizeOf(climate: Climate, chance: Chance, processes: number, keys: number): Size {
  const spreads = {
    quota: [100, 60_000, 180_000],
    storm: [100, 5000, 60_000],
    outage: [5000, 40_000],
    crowd: [50, 2000],
    redis: [3000, 20_000, 20_000],
  };
  const most = { quota: 8, storm: 6, outage: 48, crowd: 8, redis: 16 }[climate];
  const isSmall = climate === 'storm' && chance.is(0.4);
  return {
    climate,
    processes,
    keys,
    spreadMs: chance.pick(...spreads[climate]),
    // What two of them can find costs half of what six do.
    visitors: isSmall ? 2 : Math.ceil(most / 2) + chance.upTo(most / 2),
    isPlain: climate === 'outage' || climate === 'redis' || chance.is(0.4),
  };
}

function visitorOf({ climate, spreadMs, processes, isPlain }: Size, chance: Chance): Visitor {
  // Some come while processes are still joining.
  const at = climate === 'redis' && chance.is(0.1) ? chance.upTo(15) : chance.upTo(spreadMs);
  const questions = chance.list(climate === 'outage' || chance.is(0.7) ? 1 : 2, () =>
    questionOf(climate, isPlain, chance),
  );
  return {
    at,
    process: chance.upTo(processes),
    project: chance.pick('p0', 'p0', 'p0', 'p1'),
    manner: isPlain ? 'run' : chance.pick('handler', 'middleware', 'run', 'run', 'run', 'bare', 'bare'),
    questions,
    isParallel: !isPlain && chance.is(0.3),
    leavesAt: chance.is(0.2) ? at + chance.random() * chance.pick(100, 4000, 40_000) : Infinity,
  };
}

function questionOf(climate: Climate, isPlain: boolean, chance: Chance): Question {
  const isStream = climate === 'storm' || climate === 'crowd' ? chance.is(0.4) : chance.is(0.1);
  return {
    model: chance.is(0.85) ? 'm' : 'm2',
    isStream,
    length: 40 + Math.floor(chance.random() * chance.random() * 900),
    reading: isPlain
      ? 'all'
      : chance.pick('all', 'all', 'all', 'all', 'slow', 'slow', 'leaves', chance.is(0.2) ? 'forgets' : 'all'),
  };
}

function limitsOf(climate: Climate, processes: number, chance: Chance): { rpm?: number; tpm?: number } {
  const isTight = climate === 'quota' || climate === 'redis';
  if (!isTight && chance.is(0.7)) return {};
  // In the end each process has one visitor more.
  const rpm = (climate === 'redis' ? processes : 1) + chance.upTo(9);
  const tpm = 150 + chance.upTo(1000);
  return chance.pick<{ rpm?: number; tpm?: number }>({ rpm }, { rpm }, { tpm }, { rpm, tpm });
}

function weatherOf(climate: Climate, spreadMs: number, chance: Chance): Weather[] {
  if (climate === 'outage') {
    const [from, to] = [chance.upTo(spreadMs / 4), spreadMs * (0.5 + chance.random() / 2)];
    return [
      {
        from,
        to,
        share: chance.pick(0.6, 1, 1),
        faults: chance.some(DOWN, 3),
        ...(chance.is(0.5) ? { model: 'm' } : {}),
      },
    ];
  }
  if (climate === 'quota' && chance.is(0.5)) return [];
  if (climate === 'redis' && chance.is(0.4)) return [];
  return chance.list(1 + chance.upTo(2), () => {
    const from = chance.is(0.6) ? 0 : chance.upTo(spreadMs);
    const isLimited = climate === 'quota' || climate === 'redis' ? chance.is(0.6) : chance.is(0.1);
    const kinds = chance
      .some(isLimited ? LIMITED : ALL, 4)
      .filter((fault) => climate !== 'redis' || !LONG.includes(fault));
    return {
      from,
      to: from + spreadMs,
      // Where some calls are refused and others are not, what is known differs.
      share: climate === 'quota' ? chance.pick(0.3, 0.5, 0.9) : chance.pick(0.2, 0.9, 0.9),
      faults: kinds.length > 0 ? kinds : ['overloaded'],
    };
  });
}

function redisOf(spreadMs: number, processes: number, chance: Chance): NonNullable<WorldSettings['redis']> {
  const trouble = (): RedisTrouble => ({
    at: chance.upTo(spreadMs * 1.5),
    forMs: 50 + chance.upTo(chance.pick(4000, 15_000)),
    kind: chance.pick('pause', 'pause', 'kill', 'kill-empty', 'slow', 'full', 'cut'),
    process: chance.upTo(processes),
  });
  return {
    outage: chance.pick('share', 'share', 'share', 'open', 'closed'),
    troubles: chance.is(0.5) ? [] : chance.list(1 + chance.upTo(2), trouble),
  };
}

function darkOf(spreadMs: number, chance: Chance): NonNullable<WorldSettings['redis']> {
  const kind = chance.pick('pause', 'kill');
  return { outage: 'share', troubles: [{ at: 100 + chance.upTo(500), forMs: spreadMs, kind, process: 0 }] };
}

function jumpOf(spreadMs: number, processes: number, chance: Chance): WorldSettings['jumps'][number] {
  return {
    at: chance.upTo(spreadMs),
    process: chance.upTo(processes),
    byMs: chance.pick(-1, 1) * chance.pick(5000, 3_600_000, 86_400_000),
  };
}

function closingOf(spreadMs: number, processes: number, chance: Chance): NonNullable<WorldSettings['closing']> {
  return { at: chance.upTo(spreadMs * 1.2), process: chance.upTo(processes), graceMs: chance.pick(0, 500, 10_000) };
}
