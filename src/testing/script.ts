import type { Call } from './record.ts';
import type { Reply } from './reply.ts';

/** What can be scripted: a reply, or a function that makes one out of the call. */
export type ScriptItem = Reply | ((call: Call) => Reply);

/** Which calls a scripted reply is for. All that are given must fit. */
export interface CallFilter {
  /** Without `models/`. */
  readonly model?: string;
  /** `generateContent`, `streamGenerateContent`, `countTokens`, ... */
  readonly method?: string;
  /** A key or its label (`key-2`). */
  readonly key?: string;
}

interface Entry {
  readonly items: readonly ScriptItem[];
  readonly filter: CallFilter;
  next: number;
  /** Items still to be played, `times` counted in. */
  left: number;
}

/** The queue of scripted replies and what holds when it is empty. */
export class Script {
  #queue: Entry[] = [];
  #always: { item: ScriptItem; filter: CallFilter }[] = [];

  push(items: readonly ScriptItem[], filter: CallFilter, times: number): void {
    if (items.length > 0) this.#queue.push({ items, filter, next: 0, left: items.length * times });
  }

  /** The latest rule that fits a call wins. */
  always(item: ScriptItem | null, filter: CallFilter): void {
    if (item) this.#always.unshift({ item, filter });
    else this.#always = [];
  }

  /** The reply for a call, and `take` to call once it is really played. */
  pick(call: Call): { reply: Reply; take: () => void } | undefined {
    const entry = this.#queue.find(({ filter }) => fits(filter, call));
    const item = entry ? entry.items[entry.next] : this.#always.find(({ filter }) => fits(filter, call))?.item;
    if (item === undefined) return undefined;
    const reply = typeof item === 'function' ? item(call) : item;
    return { reply, take: () => entry && this.#take(entry) };
  }

  clear(): void {
    this.#queue = [];
    this.#always = [];
  }

  #take(entry: Entry): void {
    entry.next = (entry.next + 1) % entry.items.length;
    entry.left -= 1;
    if (entry.left < 1) this.#queue = this.#queue.filter((other) => other !== entry);
  }
}

function fits(filter: CallFilter, call: Call): boolean {
  return (
    (filter.model === undefined || filter.model === call.model) &&
    (filter.method === undefined || filter.method === call.method) &&
    (filter.key === undefined || filter.key === call.key || filter.key === call.keyLabel)
  );
}
