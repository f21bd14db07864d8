import { type Call, isGeneration } from '../call.ts';
import { GeminiError } from '../errors/gemini-error.ts';
import { flag, readOptions, whole } from '../options.ts';
import type { Part } from '../part.ts';
import type { Next } from '../policy.ts';
import { type Windows, windowOf, windowsByModel } from './models.ts';

export interface TokenLimitOptions {
  /**
   * Tokens that a prompt may have, whatever the model takes: a bound on what one call can cost.
   * @default none only the model's own context window
   */
  maxInputTokens?: number;
  /**
   * Context windows by model, in place of those that are known or beside them: `{ 'gemini-2.5-pro': 65_536 }`.
   * @default {} those of common models are known; a model that nobody knows has no limit
   */
  contextWindows?: Record<string, number>;
  /**
   * `false`: everything is decided and logged, and nothing is refused.
   * @default true
   */
  enforce?: boolean;
}

/**
 * Below a quarter of the limit nothing is counted: the estimate takes four bytes of text for a token, and a token has one
 * byte at least (digits have no more). So no text can be too long by surprise.
 */
const NEAR = 1 / 4;
/** Beyond this nothing is counted either: no text has 32 bytes to a token. Files, though, are estimated by their size alone. */
const BEYOND = 8;

interface Limit {
  readonly tokens: number;
  readonly kind: 'token_budget_exceeded' | 'context_too_long';
}

/**
 * Refuses a prompt that is too long before it is sent: Google would refuse it too, and count its tokens all the same.
 * Near the limit it asks Google's `countTokens`, which is free; where that fails, Google judges the prompt itself.
 */
export function tokenLimitPart(options?: TokenLimitOptions): Part {
  const { maxInputTokens, contextWindows, enforce } = readOptions(
    'tokenLimit',
    options,
    { maxInputTokens: whole(1), contextWindows: windowsByModel, enforce: flag },
    { contextWindows: {}, enforce: true },
  );

  /** Resolves with the refusal, if it is one. */
  async function judge(call: Call, limit: Limit): Promise<GeminiError | undefined> {
    const excess = await excessOf(call, limit);
    if (!excess) return undefined;
    const { id: requestId, model, emit } = call;
    emit('prompt', { requestId, model, ...excess, limit: limit.tokens, ...(enforce ? {} : { shadow: true }) });
    return new GeminiError(limit.kind, { source: 'guard' });
  }

  function tokenLimit<T>(call: Call, next: Next<T>): Promise<T> {
    const limit = isGeneration(call) ? limitOf(call, maxInputTokens, contextWindows) : undefined;
    return limit && isNear(call, limit) ? judged(call, limit, next) : next(call);
  }

  async function judged<T>(call: Call, limit: Limit, next: Next<T>): Promise<T> {
    const judging = judge(call, limit);
    if (enforce) {
      const refusal = await judging;
      if (refusal) throw refusal;
      return next(call);
    }
    // Nothing is held back: it is counted while it is answered.
    try {
      return await next(call);
    } finally {
      await judging;
    }
  }
  return { name: 'tokenLimit', policy: tokenLimit };
}

function limitOf({ model }: Call, own = Number.POSITIVE_INFINITY, windows: Windows): Limit | undefined {
  const window = windowOf(model, windows) ?? Number.POSITIVE_INFINITY;
  if (own < window) return { tokens: own, kind: 'token_budget_exceeded' };
  return window === Number.POSITIVE_INFINITY ? undefined : { tokens: window, kind: 'context_too_long' };
}

/** Whether it may be too long at all. */
function isNear(call: Call, limit: Limit): boolean {
  const { prompt, model } = call;
  return prompt.isCounted(model) || prompt.tokens(model) >= limit.tokens * NEAR || hidesTokens(call, limit);
}

/** By how many tokens it is too long, in all; undefined where it is not, or where nobody can tell. */
async function excessOf(call: Call, limit: Limit): Promise<{ tokens: number; counted: boolean } | undefined> {
  const { prompt, model } = call;
  const known = prompt.tokens(model);
  if (!prompt.isCounted(model) && known > limit.tokens * BEYOND && prompt.media.size === 0) {
    return { tokens: known, counted: false };
  }
  const tokens = prompt.isCounted(model) ? known : await prompt.count(call);
  return tokens !== undefined && tokens > limit.tokens ? { tokens, counted: true } : undefined;
}

/** What is stored with Google has no length here. Counted for a limit of the user's own alone: windows are rarely filled. */
function hidesTokens({ prompt }: Call, { kind }: Limit): boolean {
  return kind === 'token_budget_exceeded' && prompt.isBound;
}
