import type { Exchange } from './exchange.ts';

/** What the fake does with one call. Made by `answer()` and `fault.*()`; your own is an object of this shape. */
export interface Reply {
  /** Shown as `played` in the record. */
  readonly name: string;
  /**
   * Whether key, model and quota are checked first, as they are before a model speaks. A fault wins over them.
   * @default false
   */
  readonly gated?: boolean;
  play(exchange: Exchange): void | Promise<void>;
}
