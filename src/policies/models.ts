import type { Media, Prompt } from '../call.ts';
import type { Rule } from '../options.ts';

/** What a model can take. */
interface ModelFacts {
  /** Tokens of input, at most. */
  readonly window: number;
  readonly media: readonly Media[];
}

const GEMINI: ModelFacts = { window: 1_048_576, media: ['image', 'audio', 'video', 'document'] };
/** "128K" in the model card, read as the larger of its two meanings: what is refused here must be too long for sure. */
const GEMMA: ModelFacts = { window: 131_072, media: ['image'] };

/**
 * As of 2026-11-23: ai.google.dev/gemini-api/docs/models, docs.cloud.google.com (3.8), ai.google.dev/gemma/docs/core (card of
 * Gemma 3). A window that is smaller in one region or product is the user's to set. What is not here may take anything.
 */
const MODELS: ReadonlyMap<string, ModelFacts> = new Map([
  ['gemini-3.8-flash', GEMINI],
  ['gemini-3.5-flash', GEMINI],
  ['gemini-3.5-flash-lite', GEMINI],
  ['gemini-3-flash-preview', GEMINI],
  ['gemini-2.5-pro', GEMINI],
  ['gemini-2.5-flash', GEMINI],
  ['gemma-3-27b-it', GEMMA],
  ['gemma-3-12b-it', GEMMA],
  ['gemma-3-4b-it', GEMMA],
  ['gemma-3-1b-it', { window: 32_768, media: [] }],
]);

/** `gemini-3.8-flash-001` and `gemini-3.8-flash@001` are `gemini-3.8-flash`, pinned. */
const VERSION = /[-@]\d{3}$/;

function factsOf(model: string): ModelFacts | undefined {
  return MODELS.get(model) ?? MODELS.get(model.replace(VERSION, ''));
}

/** Context windows by model, where the user knows better. */
export type Windows = Readonly<Record<string, number>>;

/** Tokens that a model takes at most; undefined where nobody knows. */
export function windowOf(model: string, own: Windows = {}): number | undefined {
  return Object.hasOwn(own, model) ? own[model] : factsOf(model)?.window;
}

export function takesMedia(model: string, { media }: Prompt): boolean {
  const taken = factsOf(model)?.media;
  return taken === undefined || [...media].every((one) => taken.includes(one));
}

/** As it stands in a URL: letters, digits and `.-_@`. */
const NAME = /^[a-z\d](?:[\w.@-]{0,126}[a-z\d])?$/i;

export function isModelName(value: unknown): value is string {
  return typeof value === 'string' && NAME.test(value);
}

export const windowsByModel: Rule = {
  expected: "an object of tokens by model, such as { 'gemini-3.8-flash': 1_048_576 }",
  test: (value) =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.entries(value).every(([model, tokens]) => isModelName(model) && Number.isSafeInteger(tokens) && tokens > 0),
};
