import fc from 'fast-check';
import type { KeyOptions } from '../../src/api-key.ts';
import { GeminiError } from '../../src/errors/gemini-error.ts';
import { readKeys } from '../../src/policies/key-options.ts';
import { KeyRing } from '../../src/policies/key-ring.ts';
import { ALONE, type Board } from '../../src/store/store.ts';
import { anything, text } from './arbitraries.ts';
import { property, same } from './property.ts';

const REFUSAL = new GeminiError('invalid_credentials');
const secret: fc.Arbitrary<string> = fc.constantFrom('secret-a', 'secret-b', 'secret-c', 'secret-d');
const step = fc.oneof(
  fc.tuple(fc.constantFrom('add', 'bench'), secret),
  fc.tuple(fc.constant('remove'), fc.constantFrom('key-1', 'key-2', 'key-3', 'key-4', 'key-9')),
  fc.tuple(fc.constantFrom('others bench', 'others forget'), secret),
);

property(
  'a ring of keys holds each key and each label once, and never its last key out',
  [fc.uniqueArray(secret, { minLength: 1 }), fc.array(step, { maxLength: 20 })],
  (secrets, steps) => {
    const heard = new Set<string>();
    const posted = new Set<string>();
    const board: Board = {
      post: (notice) => void posted.add(notice),
      withdraw: (notice) => void posted.delete(notice),
      hears: (notice) => heard.has(notice),
    };
    const ring = new KeyRing(
      secrets.map((key) => ({ key })),
      board,
    );
    const model = [...secrets];
    const labels = new Map<string, string>(ring.keys.map((key) => [key.label, key.reveal()]));
    let benched = new Set<string>();
    const find = (of: string) => ring.keys.find((key) => key.reveal() === of);
    for (const [what, of] of steps) {
      const key = find(of);
      if (what === 'add') {
        const isFree = !key || ring.isBenched(key);
        try {
          ring.add({ key: of });
          if (!isFree) throw new Error(`${of} was added twice`);
          if (!key) model.push(of);
          benched.delete(of);
        } catch (error) {
          if (!(error instanceof TypeError) || isFree) throw error;
        }
      } else if (what === 'remove') {
        const gone = ring.keys.find(({ label }) => label === of);
        try {
          ring.remove(of);
          model.splice(model.indexOf((gone as { reveal(): string }).reveal()), 1);
          benched.delete((gone as { reveal(): string }).reveal());
        } catch (error) {
          if (!(error instanceof TypeError) || (gone && model.length > 1)) throw error;
        }
      } else if (what === 'bench' && key) {
        const isNew = !benched.has(of) && model.length > 1;
        if (ring.bench(key, REFUSAL) !== isNew) throw new Error(`${of} was benched: ${!isNew}`);
        if (isNew) benched.add(of);
      } else if (what === 'others bench') heard.add(noticeOf(of, posted));
      else if (what === 'others forget') heard.clear();
      const revealed = ring.keys.map((one) => one.reveal());
      if (revealed.join() !== model.join()) throw new Error(`${revealed}, not ${model}`);
      for (const one of ring.keys) {
        const known = labels.get(one.label) ?? one.reveal();
        // Quotas are counted under a label: it never comes to mean another key.
        if (known !== one.reveal()) throw new Error(`${one.label} was ${known}, and is ${one.reveal()}`);
        labels.set(one.label, known);
      }
      if (new Set(ring.keys.map(({ label }) => label)).size !== ring.size) throw new Error('two keys have one label');
      if (ring.size === 0) throw new Error('no key is left');
      if (ring.size === 1 && ring.usable.length !== 1) throw new Error('the only key is out');
      benched = new Set([...benched].filter((one) => model.includes(one)));
      for (const one of ring.usable)
        if (benched.has(one.reveal()) && ring.size > 1) throw new Error(`${one.label} is used`);
      if (!ring.keys.includes(ring.home('no mark of any'))) throw new Error('home is nowhere');
    }
  },
);

/** What another process would put up: the ring itself says how. */
function noticeOf(of: string, posted: ReadonlySet<string>): string {
  const before = new Set(posted);
  const twin = new KeyRing([{ key: of }, { key: 'other-one' }], {
    ...ALONE,
    post: (notice) => void before.add(notice),
  });
  twin.bench(twin.keys[0] as never, REFUSAL);
  return [...before].at(-1) as string;
}

const keyLike = fc.oneof(
  text,
  fc.stringMatching(/^CANARY-[a-z]{6}$/),
  fc.record({ key: fc.oneof(text, anything), label: text, project: text }, { requiredKeys: [] }),
  anything,
);

// Errors again, with their stacks.
property(
  'keys of any shape are read or refused, and a refusal shows nothing of them',
  [fc.array(keyLike, { maxLength: 3 }), fc.stringMatching(/^CANARY-[a-z]{6}$/)],
  (given, canary) => {
    const hostile = [...given, `${canary}\n${canary}`];
    for (const options of [given, hostile]) {
      try {
        const { keys } = readKeys(options as never, {});
        expect(keys).toHaveLength(options.length);
        for (const { key } of keys as KeyOptions[]) expect(key).toMatch(/^[\x21-\x7e]+$/);
      } catch (error) {
        expect(error).toBeInstanceOf(TypeError);
        expect((error as Error).message).not.toContain('CANARY');
      }
    }
  },
  { share: 0.3 },
);

property(
  'keys of the environment are read in any spacing, and never shown',
  [
    fc.array(fc.tuple(fc.stringMatching(/^[a-zA-Z\d_-]{4,12}$/), fc.constantFrom('', ' ', '\t', ',')), {
      minLength: 1,
      maxLength: 5,
    }),
  ],
  (listed) => {
    const variable = listed.map(([key, space]) => `${space}${key}${space}`).join(',');
    const { keys, areChosen } = readKeys(undefined, { GEMINI_API_KEYS: variable });
    same([keys.map(({ key }) => key), areChosen], [listed.map(([key]) => key), true]);
  },
);
