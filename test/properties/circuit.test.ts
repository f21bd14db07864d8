import fc from 'fast-check';
import {
  type Admission,
  Circuit,
  type CircuitState,
  type CircuitSettings as Settings,
} from '../../src/policies/circuit.ts';
import { ManualClock } from '../support.ts';
import { property, same } from './property.ts';

const SLOTS = 10;
const LEASE_MS = 4000;

const settings = fc.record({
  failureRatio: fc.constantFrom(0.25, 0.5, 0.9, 1),
  minimumCalls: fc.integer({ min: 1, max: 6 }),
  windowMs: fc.constantFrom(1000, 10_000),
  openMs: fc.constantFrom(100, 5000),
  probes: fc.integer({ min: 1, max: 3 }),
});

type Step = ['admit'] | ['report', number, 'success' | 'failure' | 'neutral'] | ['pass', number];

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.constant<Step>(['admit']) },
  {
    weight: 5,
    arbitrary: fc.tuple(
      fc.constant('report' as const),
      fc.nat(3),
      fc.constantFrom('success', 'failure', 'failure', 'neutral'),
    ) as fc.Arbitrary<Step>,
  },
  {
    weight: 3,
    arbitrary: fc.tuple(fc.constant('pass' as const), fc.oneof(fc.nat(400), fc.nat(6000))) as fc.Arbitrary<Step>,
  },
);

/** The same circuit as a table: slow, plain, and without opossum. */
class Table {
  state: CircuitState = 'closed';
  readonly #settings: Settings;
  /** Outcomes by slot; the slots are turned when an outcome is counted. */
  #slots: boolean[][] = Array.from({ length: SLOTS }, () => []);
  #turned = 0;
  #opensAt = 0;
  #successes = 0;
  generation = 0;
  leases: { at: number }[] = [];

  constructor(given: Settings) {
    this.#settings = given;
  }

  admit(now: number): { at: number; generation: number; probe: boolean } | undefined {
    if (this.state === 'open' && now >= this.#opensAt) this.#become('half-open');
    if (this.state === 'open') return undefined;
    const admission = { at: now, generation: this.generation, probe: this.state === 'half-open' };
    if (!admission.probe) return admission;
    this.leases = this.leases.filter(({ at }) => now - at < LEASE_MS);
    if (this.leases.length >= this.#settings.probes) return undefined;
    this.leases.push(admission);
    return admission;
  }

  report(admission: { at: number; generation: number; probe: boolean }, outcome: string, now: number): void {
    this.leases = this.leases.filter((lease) => lease !== admission);
    if (admission.generation !== this.generation || outcome === 'neutral') return;
    if (admission.probe) {
      if (outcome === 'failure') this.#open(now);
      else if (++this.#successes >= Math.min(2, this.#settings.probes)) {
        this.#slots = Array.from({ length: SLOTS }, () => []);
        this.#become('closed');
      }
      return;
    }
    const slotMs = this.#settings.windowMs / SLOTS;
    for (; now - this.#turned >= slotMs; this.#turned += slotMs) this.#slots = [[], ...this.#slots.slice(0, SLOTS - 1)];
    this.#slots[0]?.push(outcome === 'failure');
    const all = this.#slots.flat();
    const failed = all.filter(Boolean).length;
    if (
      outcome === 'failure' &&
      all.length >= this.#settings.minimumCalls &&
      failed / all.length >= this.#settings.failureRatio
    )
      this.#open(now);
  }

  #open(now: number): void {
    this.#opensAt = now + this.#settings.openMs;
    this.#become('open');
  }

  #become(state: CircuitState): void {
    this.state = state;
    this.generation++;
    this.#successes = 0;
    this.leases = [];
  }
}

property(
  'a circuit does what a plain table of its states says, and changes only as circuits change',
  [settings, fc.array(step, { maxLength: 60, size: 'max' })],
  (given, steps) => {
    const clock = new ManualClock();
    // In the middle of the spread: it opens for as long as it says.
    const circuit = new Circuit(given, clock, () => 0.5);
    const table = new Table(given);
    const open: [Admission, ReturnType<Table['admit']> & object][] = [];
    const changes: string[] = [];
    for (const [what, one, outcome] of steps) {
      const before = circuit.state;
      if (what === 'pass') clock.advance(one);
      else if (what === 'admit') {
        const admission = circuit.admit(LEASE_MS);
        const expected = table.admit(clock.now());
        if (Boolean(admission) !== Boolean(expected))
          throw new Error(`let in: ${Boolean(admission)}, not ${Boolean(expected)}`);
        if (admission && expected) {
          if (admission.probe !== expected.probe) throw new Error(`a probe: ${admission.probe}`);
          open.push([admission, expected]);
        }
        if (table.leases.length > given.probes) throw new Error(`${table.leases.length} probes`);
      } else {
        const [pair] = open.splice(one % Math.max(1, open.length), 1);
        if (!pair) continue;
        circuit.report(pair[0], outcome as 'success');
        table.report(pair[1], outcome as string, clock.now());
      }
      if (circuit.state !== before) changes.push(`${before} -> ${circuit.state}`);
      if (circuit.state !== table.state)
        throw new Error(`${circuit.state}, not ${table.state}, after ${what} at ${clock.now()}`);
    }
    circuit.close();
    const legal = ['closed -> open', 'open -> half-open', 'half-open -> open', 'half-open -> closed'];
    same(
      changes.filter((change) => !legal.includes(change)),
      [],
    );
  },
  { share: 0.3 },
);
