import type { Tokens } from './events.ts';

/** `usageMetadata` of an answer. */
export interface Usage {
  promptTokenCount?: number;
  candidatesTokenCount?: number;
  cachedContentTokenCount?: number;
  thoughtsTokenCount?: number;
  toolUsePromptTokenCount?: number;
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
