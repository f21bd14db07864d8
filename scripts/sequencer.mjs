import Sequencer from '@jest/test-sequencer';

/**
 * What takes longest, by turns what computes and what waits: begun last, it would end alone. Jest knows durations from the run
 * before, and a fresh clone has had none.
 */
const FIRST = [
  'chaos/redis',
  'simulation/worlds-1',
  'bench/modes',
  'simulation/worlds-2',
  'chaos/crashes',
  'cli/log-line',
  'browser/status-page',
  'register',
  'safety/redis',
  'http/fault-table',
  'browser/page',
  'fuzz/redos',
  'bench/faults',
  'safety/floods',
  'policies/quota-shared',
  'errors/generality',
  'store/snapshots',
  'fuzz/fuzz',
  'cli/doctor',
  'simulation/faults',
  'cli/commands',
  'store/outage',
  'properties/streams',
  'cli/demo',
  'store/fleet',
].map((name) => `/test/${name}.test.ts`);

const placeOf = ({ path }) => {
  const place = FIRST.findIndex((name) => path.replaceAll('\\', '/').endsWith(name));
  return place < 0 ? FIRST.length : place;
};

export default class LongestFirst extends (Sequencer.default ?? Sequencer) {
  sort(tests) {
    return super.sort(tests).sort((one, other) => placeOf(one) - placeOf(other));
  }
}
