import fc from 'fast-check';
import { Circuit, type CircuitState, type CircuitSettings as Settings } from '../../src/policies/circuit.ts';
import type { Admission } from '../../src/policies/circuit-window.ts';
import { ManualClock } from '../support.ts';
import { property, same } from './property.ts';

const SLOTS = 10;
const LEASE_MS = 1000;

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

interface Expected {
  until: number;
  readonly at: number;
  readonly generation: number;
  readonly probe: boolean;
}

/** The same circuit as a table: slow, plain, without opossum, and nobody waits for it. */
class Table {
  state: CircuitState = 'closed';
  readonly #settings: Settings;
  /** Outcomes by slot; the slots are turned when an outcome is counted. */
  #slots: boolean[][] = Array.from({ length: SLOTS }, () => []);
  #latest: { failed: boolean; at: number }[] = [];
  #turned = 0;
  #opensAt = 0;
  #successes = 0;
  #failures = 0;
  #size = 0;
  #isCut = false;
  #badness = 0;
  #cutAt = -1;
  generation = 0;
  leases: Expected[] = [];

  constructor(given: Settings) {
    this.#settings = given;
  }

  admit(now: number): Expected | undefined {
    if (this.state === 'open' && now >= this.#opensAt) this.#become('half-open');
    if (this.state === 'open') return undefined;
    const probe = this.state === 'half-open';
    const admission = { at: now, until: now + LEASE_MS, generation: this.generation, probe };
    if (!probe) return admission;
    this.leases = this.leases.filter(({ until }) => until > now);
    if (this.leases.length >= Math.floor(this.#size)) return undefined;
    this.leases.push(admission);
    return admission;
  }

  report(admission: Expected, outcome: string, now: number): void {
    if (admission.generation !== this.generation) return;
    if (admission.probe) this.#judge(admission, outcome, now);
    else if (outcome !== 'neutral') this.#count(outcome === 'failure', now);
  }

  #judge(admission: Expected, outcome: string, now: number): void {
    if (outcome === 'failure') {
      admission.until = now + 1000;
      this.#failures++;
      this.#badness += (1 - this.#badness) / 8;
      if (this.#badness >= 0.3 && admission.at > this.#cutAt) {
        this.#cutAt = now;
        this.#isCut = true;
        this.#size = Math.max(1, this.#size / 2);
      }
    } else this.leases = this.leases.filter((lease) => lease !== admission);
    if (outcome === 'success') {
      this.#successes++;
      this.#badness -= this.#badness / 8;
      this.#size += this.#isCut ? 1 / this.#size : 1;
    }
    if (outcome === 'failure' && this.#successes === 0 && this.#failures >= this.#settings.probes) this.#open(now);
    else if (this.#successes >= Math.min(2, this.#settings.probes)) {
      this.#slots = Array.from({ length: SLOTS }, () => []);
      this.#latest = [];
      this.#become('closed');
    }
  }

  #count(failed: boolean, now: number): void {
    const { windowMs, minimumCalls, failureRatio } = this.#settings;
    const slotMs = windowMs / SLOTS;
    for (; now - this.#turned >= slotMs; this.#turned += slotMs) this.#slots = [[], ...this.#slots.slice(0, SLOTS - 1)];
    this.#slots[0]?.push(failed);
    this.#latest = [...this.#latest, { failed, at: now }].slice(-minimumCalls);
    if (!failed) return;
    const all = this.#slots.flat();
    const isBad = (some: boolean[]): boolean =>
      some.length >= minimumCalls && some.filter(Boolean).length / some.length >= failureRatio;
    const isFresh = now - (this.#latest[0]?.at ?? now) < windowMs;
    if (isBad(all) || (isFresh && isBad(this.#latest.map((one) => one.failed)))) this.#open(now);
  }

  #open(now: number): void {
    this.#opensAt = now + this.#settings.openMs;
    this.#become('open');
  }

  #become(state: CircuitState): void {
    this.state = state;
    this.generation++;
    this.#successes = 0;
    this.#failures = 0;
    this.#size = this.#settings.probes;
    this.#isCut = false;
    this.#badness = 0;
    this.#cutAt = -1;
    this.leases = [];
  }
}

property(
  'a circuit does what a plain table of its states says, and changes only as circuits change',
  [settings, fc.array(step, { maxLength: 60, size: 'max' })],
  (given, steps) => {
    const clock = new ManualClock();
    // In the middle of the spread: it opens for as long as it says.
    const circuit = new Circuit(
      given,
      clock,
      () => 0.5,
      () => false,
    );
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
          if ((admission.lease !== undefined) !== expected.probe) throw new Error(`a probe: ${!expected.probe}`);
          open.push([admission, expected]);
        }
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
