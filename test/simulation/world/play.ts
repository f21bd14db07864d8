import { type Clock, systemClock } from '../../../src/clock.ts';
import { type GeminiGuardOptions, type Guard, geminiGuard } from '../../../src/index.ts';
import type { EventName } from '../../../src/observe/events.ts';
import { RedisNetwork } from '../redis/network.ts';
import { SimulatedUpstream } from '../upstream/upstream.ts';
import { type Face, VirtualClock } from '../virtual-clock.ts';
import { History, type Outcome, type Told } from './history.ts';
import { keyOf } from './questions.ts';
import type { Question, Visitor, WorldSettings } from './settings.ts';
import { type Place, visit } from './visits.ts';

const EVENTS: readonly EventName[] = [
  'attempt',
  'retry',
  'gate',
  'key',
  'failover',
  'store',
  'circuit',
  'queue',
  'prompt',
  'alert',
  'warning',
  'late',
  'answer',
];
/** A stream that nobody reads is given up by then. */
const FORGOTTEN_MS = 301_000;
/** By then Redis has been told all, where it can be reached. */
const TOLD_MS = 4000;
/** How long after the last fault everything must work again. */
const RECOVERY_MS = 60_000;
/** Between two of those who look whether it does: a minute's quota of one request suffices. */
const APART_MS = 65_000;

/** Plays a world to its end: whole guards, a simulated Gemini, and time that costs nothing. */
export async function play(settings: WorldSettings, random: () => number): Promise<History> {
  const history = new History(settings);
  const clock = new VirtualClock(Date.UTC(2026, 10, 24, 12));
  const world = clock.face();
  const upstream = new SimulatedUpstream(history, world, random);
  const network = settings.redis ? new RedisNetwork(clock.face(), random) : undefined;
  for (const trouble of settings.redis?.troubles ?? []) network?.trouble(trouble);
  // What runs in real time, whatever clock a guard was given, runs in this one too.
  const system = clock.face();
  putInPlace(systemClock, system);
  const faces = Array.from({ length: settings.processes }, () => (network ? system : clock.face()));
  const guards = faces.map((face, i) => {
    const options = optionsOf(settings, upstream.transportOf(i), random);
    const given = network
      ? { redis: { client: network.client(), outage: settings.redis?.outage ?? 'share' } }
      : { clock: face };
    const guard = geminiGuard({ ...options, ...given, log: settings.upstream.echoes ? listening(history) : false });
    for (const event of EVENTS) {
      guard.on(
        event,
        (data) => void history.told.push({ order: history.next(), at: world.now(), process: i, event, data } as Told),
      );
    }
    return guard;
  });
  for (const { at, process, byMs } of settings.jumps) {
    world.setTimeout(() => {
      (faces[process] as Face).aheadMs += byMs;
    }, at);
  }
  for (const at of settings.strangers) world.setTimeout(() => upstream.useUp('p0', 'm'), at);
  const place = { history, clock: world, guards, network };
  await clock.until(live(place, faces), network ? 100_000 : 50_000);
  return history;
}

/** From the first visitor to the last timer. */
async function live(place: Place & { network: RedisNetwork | undefined }, faces: readonly Face[]): Promise<void> {
  const { history, clock, guards, network } = place;
  const { visitors, closing } = history.settings;
  const closed = closing && clock.pass(closing.at).then(() => close(place, closing));
  const outcomes = await Promise.all(
    visitors.map(async (visitor, i) => {
      await clock.pass(visitor.at);
      return visit(place, i, visitor);
    }),
  );
  history.outcomes.push(...outcomes);
  await closed;
  await clock.pass(mayForget(visitors) ? FORGOTTEN_MS : network ? TOLD_MS : 100);
  history.redisToday = network?.redis.sumOf('d');
  for (const [i, guard] of guards.entries()) {
    const timers = (faces[i] as Face).pending;
    history.quiet.push({ at: clock.now(), status: guard.status(), timers, timersAfter: -1, closedAt: -1 });
  }
  await recover(place);
  await Promise.all(guards.map((guard) => guard.close()));
  for (const [i, quiet] of history.quiet.entries()) {
    quiet.closedAt = clock.now();
    quiet.timersAfter = (faces[i] as Face).pending;
  }
}

/** After all faults, and all times that Google has named, some more visitors come to each process that is open. */
async function recover(place: Place): Promise<void> {
  const { history, clock, guards } = place;
  const { settings } = history;
  const { weather, closing, strangers, redis } = settings;
  // A heartbeat goes on, so minutes are dear: only where there is something to recover from, and not in all of those.
  if (redis && ((redis.troubles.length === 0 && weather.length === 0) || settings.seed % 3 > 0)) return;
  const gates = history.of('gate').filter(({ data }) => data.state === 'closed');
  const from = Math.max(
    ...weather.map(({ to }) => to + RECOVERY_MS),
    ...gates.map(({ at, data }) => at + data.waitMs + 1000),
    // What was used last is free again.
    ...strangers.map((at) => at + APART_MS),
    clock.now() + APART_MS,
  );
  await clock.pass(from - clock.now());
  const open = [...guards.keys()].filter((process) => process !== closing?.process);
  if (redis) {
    // There is quota for one visitor of each process at once.
    history.late.push(...(await Promise.all(open.map((process) => late(place, process, false)))));
    return;
  }
  for (const process of open) {
    history.late.push(await late(place, process, settings.seed % 2 === 1));
    await clock.pass(APART_MS);
  }
}

async function late(place: Place, process: number, isStream: boolean): Promise<Outcome> {
  const { visitors } = place.history.settings;
  const questions: Question[] = [{ model: 'm', isStream, length: 40, reading: 'all' }];
  const visitor = { at: 0, process, project: 'p0', manner: 'run', isParallel: false, leavesAt: Infinity } as const;
  return visit(place, visitors.length + process, { ...visitor, questions });
}

async function close(
  { history, clock, guards }: Place,
  { process, graceMs }: { process: number; graceMs: number },
): Promise<void> {
  const begunAt = clock.now();
  await (guards[process] as Guard).close({ graceMs });
  history.closing = { begunAt, endedAt: clock.now() };
}

function optionsOf(
  { guard, keys }: WorldSettings,
  transport: (url: string, init: RequestInit) => Promise<Response>,
  random: () => number,
): GeminiGuardOptions {
  const ring = Array.from({ length: keys }, (_, i) => ({
    key: keyOf(`p${i}`),
    project: `p${i}`,
    label: `key-of-p${i}`,
  }));
  return { ...guard, rateLimit: false, keys: keys > 0 ? ring : false, transport, random };
}

/** A logger that keeps what it is told. */
function listening({ said }: History): never {
  const write = (message: string, record: object): void => void said.push(message, JSON.stringify(record));
  return { info: write, warn: write, error: write } as never;
}

function mayForget(visitors: readonly Visitor[]): boolean {
  return visitors.some(({ questions }) => questions.some(({ reading }) => reading === 'forgets'));
}

function putInPlace(clock: Clock, { now, date, setTimeout, clearTimeout }: Clock): void {
  Object.assign(clock, { now, date, setTimeout, clearTimeout });
}
