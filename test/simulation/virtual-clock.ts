import type { Clock } from '../../src/clock.ts';

interface Event {
  readonly at: number;
  readonly order: number;
  callback: (() => void) | undefined;
}

/** Time that jumps from one event to the next, as fast as the machine can. */
export class VirtualClock implements Clock {
  #now = 0;
  #order = 0;
  #pending = 0;
  readonly #heap: Event[] = [];
  readonly #epoch: number;

  constructor(epoch: number) {
    this.#epoch = epoch;
  }

  readonly now = (): number => this.#now;
  readonly date = (): number => this.#epoch + this.#now;

  readonly setTimeout = (callback: () => void, ms: number): Event => {
    const event: Event = { at: this.#now + Math.max(0, ms), order: this.#order++, callback };
    this.#pending++;
    this.#heap.push(event);
    this.#up(this.#heap.length - 1);
    return event;
  };

  readonly clearTimeout = (timer: unknown): void => {
    const event = timer as Event | undefined;
    if (!event?.callback) return;
    event.callback = undefined;
    this.#pending--;
  };

  /** Timers that are set. */
  get pending(): number {
    return this.#pending;
  }

  /** Runs until nothing is left to happen. What an event has led to happens before the next. */
  async run(): Promise<void> {
    for (;;) {
      await new Promise(setImmediate);
      let event = this.#pop();
      while (event && !event.callback) event = this.#pop();
      if (!event) return;
      this.#now = event.at;
      this.#fire(event);
      // Whatever is due at the same moment: promises in between take no time.
      while (this.#heap[0] && this.#heap[0].at <= this.#now) this.#fire(this.#pop() as Event);
    }
  }

  #fire(event: Event): void {
    const { callback } = event;
    if (!callback) return;
    event.callback = undefined;
    this.#pending--;
    callback();
  }

  #pop(): Event | undefined {
    const [first] = this.#heap;
    const last = this.#heap.pop();
    if (last && this.#heap.length > 0) {
      this.#heap[0] = last;
      this.#down(0);
    }
    return first;
  }

  #up(child: number): void {
    for (let i = child; i > 0; ) {
      const parent = (i - 1) >> 1;
      if (!this.#isBefore(i, parent)) return;
      this.#swap(i, parent);
      i = parent;
    }
  }

  #down(parent: number): void {
    for (let i = parent; ; ) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2]) {
        if (child < this.#heap.length && this.#isBefore(child, least)) least = child;
      }
      if (least === i) return;
      this.#swap(i, least);
      i = least;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const [x, y] = [this.#heap[a] as Event, this.#heap[b] as Event];
    return x.at < y.at || (x.at === y.at && x.order < y.order);
  }

  #swap(a: number, b: number): void {
    const [x, y] = [this.#heap[a] as Event, this.#heap[b] as Event];
    this.#heap[a] = y;
    this.#heap[b] = x;
  }
}
