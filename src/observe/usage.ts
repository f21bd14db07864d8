import type { Tokens } from './events.ts';

/** `usageMetadata` of an answer. */
export interface Usage {
  promptTokenCount?: number;
  candidatesTokenCount?: number;
  cachedContentTokenCount?: number;
  thoughtsTokenCount?: number;
  toolUsePromptTokenCount?: number;
}

/** What an answer tells besides: identifiers of Google's, or nothing. */
export interface Facts {
  readonly model?: string;
  readonly finishReason?: string;
}

interface Told {
  readonly modelVersion?: unknown;
  readonly candidates?: readonly { readonly finishReason?: unknown }[];
}

export function factsOf(answer: unknown): Facts {
  const { modelVersion, candidates } = (answer ?? {}) as Told;
  const finishReason = candidates?.[0]?.finishReason;
  return {
    ...(isIdentifier(modelVersion) ? { model: modelVersion } : {}),
    ...(isIdentifier(finishReason) ? { finishReason } : {}),
  };
}

function isIdentifier(value: unknown): value is string {
  return typeof value === 'string' && /^[\w.@-]{1,64}$/.test(value);
}

/** The same as numbers: what stands in an answer may be anything. */
export function tokensOf(usage: Usage): Tokens {
  return {
    input: count(usage.promptTokenCount),
    output: count(usage.candidatesTokenCount),
    cached: count(usage.cachedContentTokenCount),
    thoughts: count(usage.thoughtsTokenCount),
    tools: count(usage.toolUsePromptTokenCount),
  };
}

function count(tokens: unknown): number {
  return Number.isSafeInteger(tokens) && (tokens as number) > 0 ? (tokens as number) : 0;
}
