import { answer } from './answer.ts';
import { fault } from './faults.ts';
import type { Reply } from './reply.ts';
import type { CallFilter, ScriptItem } from './script.ts';
import { refuseUnknown, wrong } from './settings.ts';

const BUILDERS: ReadonlySet<unknown> = new Set<unknown>([answer, answer.stream, ...Object.values(fault)]);

/** The replies as a list, or one sentence about what is wrong with them. */
export function checkItems(who: string, replies: ScriptItem | readonly ScriptItem[]): readonly ScriptItem[] {
  const items = Array.isArray(replies) ? (replies as readonly ScriptItem[]) : [replies as ScriptItem];
  for (const item of items) {
    if (typeof item !== 'function' && typeof (item as Reply | null)?.play !== 'function') {
      throw new TypeError(`${who}: expected what answer() and fault.*() return, not ${JSON.stringify(item)}.`);
    }
    // `fault.overloaded` without its parentheses would pass for a function that makes a reply.
    if (BUILDERS.has(item)) {
      throw new TypeError(
        `${who}: \`${(item as { name: string }).name}\` is a builder: call it, with its parentheses.`,
      );
    }
  }
  return items;
}

export function checkFilter(who: string, filter: CallFilter): CallFilter {
  refuseUnknown(who, filter, ['model', 'method', 'key', ...(who === 'script' ? ['times'] : [])]);
  for (const [name, value] of Object.entries(filter)) {
    if (value !== undefined && typeof value !== 'string') throw wrong(who, name, value, 'It is a string.');
  }
  return filter.model === undefined ? filter : { ...filter, model: filter.model.replace(/^models\//, '') };
}

export function checkTimes(times = 1): number {
  if (times !== Number.POSITIVE_INFINITY && !(Number.isInteger(times) && times >= 1)) {
    throw wrong('script', 'times', times, 'It is a whole number of at least 1, or Infinity.');
  }
  return times;
}
