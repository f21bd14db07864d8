import { type Rule, readOptions } from '../options.ts';
import type { Tokens } from './events.ts';

/** US dollars for a million tokens. */
export interface Price {
  input: number;
  /** Of answers and thoughts. */
  output: number;
  /**
   * Input that came out of a context cache.
   * @default input
   */
  cached?: number;
}

/** Prices by model; a prompt longer than `LONG_TOKENS` may have others. */
interface ListPrice extends Price {
  readonly long?: Price;
}

/** A prompt with more tokens than this is long, where Google knows such a tier: all of its tokens are. */
const LONG_TOKENS = 200_000;

/** The date of this list. */
export const PRICES_OF = '2026-11-25';

/**
 * Google's list (ai.google.dev/gemini-api/docs/pricing, paid tier, standard), as price lists of others repeated it in 2026: that
 * of the 3.x Flash models from 3.6 on without their cached input, which is a tenth of the input as for all others. Not modelled:
 * the free tier, batch and priority, audio, images, grounding, storage of caches, Vertex.
 */
const LIST: Readonly<Record<string, ListPrice>> = {
  'gemini-3.8-flash': { input: 0.75, output: 3.75, cached: 0.075 },
  'gemini-3.7-flash': { input: 0.75, output: 3.75, cached: 0.075 },
  'gemini-3.6-flash': { input: 0.75, output: 3.75, cached: 0.075 },
  'gemini-3.5-flash': { input: 1.5, output: 9, cached: 0.15 },
  'gemini-3.5-flash-lite': { input: 0.3, output: 2.5, cached: 0.03 },
  'gemini-3.1-pro-preview': { input: 2, output: 12, cached: 0.2, long: { input: 4, output: 18, cached: 0.4 } },
  'gemini-3.1-flash-lite': { input: 0.25, output: 1.5, cached: 0.025 },
  'gemini-3-pro-preview': { input: 2, output: 12, cached: 0.2, long: { input: 4, output: 18, cached: 0.4 } },
  'gemini-3-flash-preview': { input: 0.5, output: 3, cached: 0.05 },
  'gemini-2.5-pro': { input: 1.25, output: 10, cached: 0.125, long: { input: 2.5, output: 15, cached: 0.25 } },
  'gemini-2.5-flash': { input: 0.3, output: 2.5, cached: 0.03 },
  'gemini-2.5-flash-lite': { input: 0.1, output: 0.4, cached: 0.01 },
};

/** `gemini-3.8-flash-001` and `gemini-3.8-flash@001` cost what `gemini-3.8-flash` does. */
const VERSION = /[-@]\d{3}$/;

const dollars: Rule = {
  expected: 'a price in US dollars for a million tokens, 0 or more',
  test: (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0,
};
const optional: Rule = { ...dollars, test: (value) => value === undefined || dollars.test(value) };

/** What calls cost, by a list and by what the user knows better. */
export class Prices {
  readonly #own: ReadonlyMap<string, ListPrice>;

  /** @throws TypeError naming the price that is wrong */
  constructor(own: Readonly<Record<string, Price>> = {}) {
    const models = Object.entries(own).map(([model, price]) => [model, readPrice(model, price)] as const);
    this.#own = new Map(models);
  }

  /** US dollars; undefined where nobody knows the price. */
  cost(model: string, { input, output, cached, thoughts, tools }: Tokens): number | undefined {
    const listed = this.#find(model);
    if (!listed) return undefined;
    const price = listed.long && input > LONG_TOKENS ? listed.long : listed;
    // The cached tokens are among those of the prompt; thoughts and the results of tools are not among the others.
    const fresh = Math.max(0, input - cached) + tools;
    const hits = Math.min(cached, input);
    return (fresh * price.input + hits * (price.cached ?? price.input) + (output + thoughts) * price.output) / 1e6;
  }

  knows(model: string): boolean {
    return this.#find(model) !== undefined;
  }

  #find(model: string): ListPrice | undefined {
    return this.#own.get(model) ?? listed(model) ?? listed(model.replace(VERSION, ''));
  }
}

function listed(model: string): ListPrice | undefined {
  return Object.hasOwn(LIST, model) ? LIST[model] : undefined;
}

function readPrice(model: string, price: Price): Price {
  const who = `prices['${/^[\w.@-]{1,60}$/.test(model) ? model : '(unprintable)'}']`;
  const read: Price = readOptions(who, price, { input: dollars, output: dollars, cached: optional }, {});
  for (const name of ['input', 'output'] as const) {
    if (read[name] === undefined) throw new TypeError(`${who}: \`${name}\` is missing: ${dollars.expected}.`);
  }
  return read;
}
