import type { Clock } from '../../src/clock.ts';

interface Event {
  readonly at: number;
  readonly order: number;
  readonly owner: Face;
  callback: (() => void) | undefined;
}

/** One of those who look at the clock: his own wall clock, which may jump, and a count of his own timers. */
export class Face implements Clock {
  /** How far this wall clock is off. */
  aheadMs = 0;
  pending = 0;
  readonly #clock: VirtualClock;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  readonly now = (): number => this.#clock.now();
  readonly date = (): number => this.#clock.epoch + this.#clock.now() + this.aheadMs;
  readonly setTimeout = (callback: () => void, ms: number): unknown => this.#clock.start(this, callback, ms);
  readonly clearTimeout = (timer: unknown): void => this.#clock.stop(timer as Event | undefined);

  /** The time has passed. */
  pass(ms: number): Promise<void> {
    return new Promise((resolve) => void this.setTimeout(resolve, ms));
  }
}

/** Time that jumps from one event to the next, as fast as the machine can. */
export class VirtualClock {
  readonly epoch: number;
  #now = 0;
  #order = 0;
  readonly #heap: Event[] = [];

  constructor(epoch: number) {
    this.epoch = epoch;
  }

  readonly now = (): number => this.#now;

  face(): Face {
    return new Face(this);
  }

  start(owner: Face, callback: () => void, ms: number): unknown {
    if (Number.isNaN(ms) || ms === Number.POSITIVE_INFINITY) throw new RangeError(`a timer of ${ms} ms`);
    const event: Event = { at: this.#now + Math.max(0, ms), order: this.#order++, owner, callback };
    owner.pending++;
    this.#heap.push(event);
    this.#up(this.#heap.length - 1);
    return event;
  }

  stop(event: Event | undefined): void {
    if (!event?.callback) return;
    event.callback = undefined;
    event.owner.pending--;
  }

  /**
   * Runs until a promise is kept. What an event has led to happens before the next.
   * @throws RangeError when nothing is left to happen before that, or far too much
   */
  async until(end: Promise<unknown>, most = 200_000): Promise<void> {
    let isOver = false;
    const over = (): void => {
      isOver = true;
    };
    end.then(over, over);
    for (let events = 0; ; events++) {
      await new Promise(setImmediate);
      if (isOver) return;
      if (events > most) throw new RangeError(`more than ${most} events`);
      let event = this.#pop();
      while (event && !event.callback) event = this.#pop();
      if (!event) throw new RangeError('nothing is left to happen, and somebody still waits');
      this.#now = event.at;
      this.#fire(event);
      // Whatever is due at the same moment: promises in between take no time.
      while (this.#heap[0] && this.#heap[0].at <= this.#now) this.#fire(this.#pop() as Event);
    }
  }

  #fire(event: Event): void {
    const { callback } = event;
    this.stop(event);
    callback?.();
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
