import type { FakeKey } from './keys.ts';
import type { Tier } from './quota-error.ts';
import type { Limits } from './quotas.ts';

/** What `fakeGemini()` takes. Everything has a default. */
export interface FakeGeminiOptions {
  /**
   * Port on 127.0.0.1; 0 lets the system choose.
   * @default 0
   */
  readonly port?: number;
  /**
   * The keys that are good: with the project each belongs to, or as bare strings, each its own project.
   * @default any key is good and is its own project
   */
  readonly keys?: readonly FakeKey[] | readonly string[];
  /**
   * The models there are; any other answers Google's 404.
   * @default any model exists
   */
  readonly models?: readonly string[];
  /**
   * Limits by model, counted per project in fixed windows.
   * @default none
   */
  readonly limits?: Readonly<Record<string, Limits>>;
  /**
   * How long the minute of `rpm` and `tpm` is, in ms.
   * @default 60_000
   */
  readonly minuteMs?: number;
  /**
   * The names of enforced quotas: free or paid tier.
   * @default 'free'
   */
  readonly tier?: Tier;
  /**
   * Wait before every answer, in ms of real time.
   * @default 0
   */
  readonly latencyMs?: number | (() => number);
  /**
   * The text of the default answer.
   * @default 'Hello from the fake Gemini.'
   */
  readonly text?: string;
  /**
   * The clock of the record and of the quotas, in ms since 1970. Latency runs on real time all the same.
   * @default Date.now
   */
  readonly now?: () => number;
}

/** The options, checked and complete, and the pace that `latency()` changes. */
export interface Settings {
  readonly port: number;
  readonly keys: readonly FakeKey[] | undefined;
  readonly models: readonly string[] | undefined;
  readonly limits: Readonly<Record<string, Limits>>;
  readonly minuteMs: number;
  readonly tier: Tier;
  readonly text: string;
  readonly now: () => number;
  firstByteMs: () => number;
  chunkMs: number;
}

const KNOWN = ['port', 'keys', 'models', 'limits', 'minuteMs', 'tier', 'latencyMs', 'text', 'now'];

export function readSettings(options: FakeGeminiOptions): Settings {
  refuseUnknown('fakeGemini', options, KNOWN);
  const { port, keys, models, limits = {}, minuteMs, tier = 'free', latencyMs, text, now = Date.now } = options;
  if (tier !== 'free' && tier !== 'paid') throw wrong('fakeGemini', 'tier', tier, "It is 'free' or 'paid'.");
  if (typeof now !== 'function') throw wrong('fakeGemini', 'now', now, 'It is a function that returns ms since 1970.');
  for (const [model, limit] of Object.entries(limits)) checkLimits(model, limit);
  return {
    port: number('fakeGemini', 'port', port, 0),
    keys: keys && readKeys(keys),
    models: models?.map((model) => (typeof model === 'string' ? model.replace(/^models\//, '') : badModel(model))),
    limits,
    minuteMs: number('fakeGemini', 'minuteMs', minuteMs, 60_000),
    tier,
    text: text ?? 'Hello from the fake Gemini.',
    now,
    firstByteMs: pace('fakeGemini', 'latencyMs', latencyMs),
    chunkMs: 0,
  };
}

/** A duration, or a function that returns one. */
export function pace(who: string, name: string, value: number | (() => number) | undefined): () => number {
  if (typeof value === 'function') return value;
  const ms = number(who, name, value, 0);
  return () => ms;
}

export function number(who: string, name: string, value: number | undefined, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (typeof value !== 'number' || !(value >= 0)) throw wrong(who, name, value, 'It is a number of at least 0.');
  return value;
}

export function refuseUnknown(who: string, options: object, known: readonly string[]): void {
  if (options === null || typeof options !== 'object') throw new TypeError(`${who}: options are an object.`);
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) {
      throw new TypeError(`${who}: \`${name}\` is not an option. Known: ${known.join(', ')}.`);
    }
  }
}

export function wrong(who: string, name: string, value: unknown, expected: string): TypeError {
  return new TypeError(`${who}: \`${name}\` cannot be ${JSON.stringify(value) ?? String(value)}. ${expected}`);
}

function checkLimits(model: string, limit: Limits): void {
  refuseUnknown(`fakeGemini: limits of ${model}`, limit, ['rpm', 'tpm', 'rpd']);
  for (const [name, value] of Object.entries(limit)) number('fakeGemini', `limits.${model}.${name}`, value, 0);
}

function readKeys(keys: readonly FakeKey[] | readonly string[]): FakeKey[] {
  if (!Array.isArray(keys))
    throw wrong('fakeGemini', 'keys', keys, 'It is an array of strings or of { key, project }.');
  return keys.map((key: string | FakeKey, i) => {
    if (typeof key === 'string' && key !== '') return { key, project: `project-${i + 1}` };
    if (typeof key === 'object' && key?.key && key.project) return key;
    throw new TypeError(`fakeGemini: \`keys[${i}]\` must be a string or { key, project }.`);
  });
}

function badModel(model: unknown): never {
  throw wrong('fakeGemini', 'models', model, 'It is an array of model names.');
}
