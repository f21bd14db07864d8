import { seeded } from '../../seeded.ts';

/** What is decided by chance, the same for the same seed. */
export class Chance {
  readonly random: () => number;

  constructor(seed: number) {
    this.random = seeded(seed);
  }

  is(probability: number): boolean {
    return this.random() < probability;
  }

  upTo(most: number): number {
    return Math.floor(this.random() * most);
  }

  pick<T>(...choices: readonly T[]): T {
    return choices[this.upTo(choices.length)] as T;
  }

  list<T>(length: number, make: (i: number) => T): T[] {
    return Array.from({ length }, (_, i) => make(i));
  }

  some<T>(all: readonly T[], most: number): T[] {
    return this.list(1 + this.upTo(most), () => this.pick(...all));
  }
}
