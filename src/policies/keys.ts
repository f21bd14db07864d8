import type { ApiKey, KeyStatus, Keys } from '../api-key.ts';
import type { Call } from '../call.ts';
import type { Clock } from '../clock.ts';
import { isGeminiError } from '../errors/gemini-error.ts';
import type { Part } from '../part.ts';
import type { Next } from '../policy.ts';
import { ALONE, type Board, type Store } from '../store/store.ts';
import { type KeysOptions, readKey, readKeys } from './key-options.ts';
import { KeyRing } from './key-ring.ts';
import { bench, KeySearch } from './key-search.ts';
import { isAboutKey, isAboutQuota, isBound, rest, withKey } from './key-verdict.ts';

/** What the part shares with others, and where it looks for keys. */
export interface KeysSetting {
  readonly board?: Board;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * Several keys: each call gets the one whose project has most quota left. One whose quota is used up rests, one that Google
 * refuses is taken out, and another project takes over at once. What is overloaded is so for all keys: those failures change
 * nothing.
 */
export function keysPart(options?: KeysOptions, setting: KeysSetting = {}): Part {
  const { board = ALONE, env = process.env } = setting;
  const given = readKeys(options, env);
  const ring = new KeyRing(given.keys, board);
  /** The one key of the environment is what clients use anyway. */
  let isInUse = given.areChosen;
  /** By the signal of a call, which all its attempts share: the repetition of a failed one is made with the same key. */
  const used = new WeakMap<AbortSignal, ApiKey>();

  function keys<T>(call: Call, next: Next<T>): Promise<T> {
    if (!isInUse || !call.isKeyed) return next(call);
    return isBound(call) ? atHome(call, next) : withBest(call, next);
  }

  async function withBest<T>(call: Call, next: Next<T>): Promise<T> {
    const search = new KeySearch(call, ring);
    for (;;) {
      const key = search.pick(used.get(call.signal));
      used.set(call.signal, key);
      try {
        const result = await next(search.callWith(key));
        search.succeed();
        return result;
      } catch (error) {
        search.fail(key, error);
      }
    }
  }

  /** What is stored with one project is not there for the keys of others. */
  async function atHome<T>(call: Call, next: Next<T>): Promise<T> {
    const key = ring.home(call.key);
    if (ring.isBenched(key)) throw ring.verdict(key);
    const passed = withKey(call, key);
    try {
      return await next(passed);
    } catch (error) {
      if (isGeminiError(error) && isAboutQuota(error)) rest(passed, error);
      else if (isGeminiError(error) && isAboutKey(error)) bench(call, ring, key, error);
      throw error;
    }
  }

  function list(clock: Clock, store: Store): KeyStatus[] {
    const closed = store.status(clock).filter(({ gate }) => gate);
    const resting = new Set(closed.map(({ project }) => project));
    return ring.keys.map((key) => ({
      label: key.label,
      project: key.project,
      state: ring.isBenched(key) ? 'benched' : resting.has(key.project) ? 'resting' : 'active',
    }));
  }

  const face = (clock: Clock, store: Store): Keys => ({
    add(key) {
      ring.add(readKey('the key', key));
      isInUse = true;
    },
    remove(label) {
      ring.remove(label);
    },
    list: () => list(clock, store),
  });

  return { name: 'keys', policy: keys, keys: face, putsKeys: () => isInUse };
}
