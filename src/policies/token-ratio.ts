import { BoundedMap } from '../bounded-map.ts';
import type { Call } from '../call.ts';
import type { Usage } from '../observe/usage.ts';

const MODELS_KEPT = 200;
/** Upwards at once, downwards slowly: what was planned too low is refused by Google, what was too high is given back. */
const UP = 0.5;
const DOWN = 0.1;
const MOST = 20;

/** How many tokens a prompt really has for one that was estimated: learned from the answers, by model. */
export class TokenRatio {
  readonly #ratios = new BoundedMap<string, number>(MODELS_KEPT);

  /** What to plan with. */
  planned({ model, prompt }: Call): number {
    const tokens = prompt.tokens(model);
    return prompt.isCounted(model) ? tokens : Math.ceil(tokens * (this.#ratios.get(model) ?? 1));
  }

  learn({ model, prompt }: Call, really: number): void {
    const estimate = prompt.tokens(model);
    if (estimate <= 0 || prompt.isCounted(model)) return;
    const ratio = this.#ratios.get(model) ?? 1;
    const seen = Math.min(MOST, really / estimate);
    this.#ratios.set(model, ratio + (seen - ratio) * (seen > ratio ? UP : DOWN));
  }
}

/**
 * What an answer has used up of a minute's tokens: the prompt (with what was cached of it), what tools put into it, and
 * the thoughts, which some models count too. Undefined where the answer does not tell.
 */
export function tokensOf(usage: Usage | undefined): number | undefined {
  const { promptTokenCount, toolUsePromptTokenCount = 0, thoughtsTokenCount = 0 } = usage ?? {};
  const counts = [promptTokenCount, toolUsePromptTokenCount, thoughtsTokenCount];
  // The type is what Google promises: a sum of anything else can throw, and whoever settles a place must not.
  if (!counts.every((count) => Number.isFinite(count))) return undefined;
  return Math.max(
    0,
    counts.reduce((sum: number, count) => sum + (count as number), 0),
  );
}
