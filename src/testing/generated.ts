import { randomBytes } from 'node:crypto';
import { estimateTokens } from './tokens.ts';

/** One part of a message, as on the wire: `{ text }`, `{ functionCall }`, `{ inlineData }` ... */
export type Part = Readonly<Record<string, unknown>>;

/** Any of the token counts of `usageMetadata`; each replaces the estimate. */
export interface Usage {
  readonly promptTokenCount?: number;
  readonly candidatesTokenCount?: number;
  readonly thoughtsTokenCount?: number;
  readonly totalTokenCount?: number;
  readonly cachedContentTokenCount?: number;
}

/** What a model says, independent of the method it was asked with. */
export interface Generated {
  /** One list of parts per stream chunk; a unary answer has them all. */
  readonly chunks: readonly (readonly Part[])[];
  /** Undefined leaves it out, as an answer that was never finished. */
  readonly finishReason: string | undefined;
  readonly usage: Usage;
  /** Thinking tokens that are only counted. */
  readonly thoughtTokens: number;
}

interface Asked {
  readonly promptTokens: number;
  readonly model: string;
}

/** The response bodies of a stream: `usageMetadata` grows, the reason to finish comes with the last. */
export function streamBodies(generated: Generated, asked: Asked): unknown[] {
  const responseId = newResponseId();
  return generated.chunks.map((parts, i) => {
    const last = i === generated.chunks.length - 1;
    return {
      candidates: [candidate(parts, last ? generated.finishReason : undefined)],
      usageMetadata: usageOf(generated, generated.chunks.slice(0, i + 1).flat(), asked),
      modelVersion: asked.model,
      responseId,
    };
  });
}

/** The response body of `generateContent`. */
export function unaryBody(generated: Generated, asked: Asked): unknown {
  const parts = generated.chunks.flat();
  return {
    candidates: [candidate(joinTexts(parts), generated.finishReason)],
    usageMetadata: usageOf(generated, parts, asked),
    modelVersion: asked.model,
    responseId: newResponseId(),
  };
}

export function newResponseId(): string {
  return randomBytes(17).toString('base64url');
}

function candidate(parts: readonly Part[], finishReason: string | undefined): unknown {
  // Without parts Google still sends the role.
  const content = parts.length > 0 ? { parts, role: 'model' } : { role: 'model' };
  return { content, ...(finishReason !== undefined && { finishReason }), index: 0 };
}

function usageOf({ usage, thoughtTokens }: Generated, parts: readonly Part[], { promptTokens }: Asked): unknown {
  const spoken = parts.filter((part) => part.thought !== true);
  const prompt = usage.promptTokenCount ?? promptTokens;
  const candidates = usage.candidatesTokenCount ?? (spoken.length > 0 ? tokensOf(spoken) : 0);
  const thoughts =
    usage.thoughtsTokenCount ?? thoughtTokens + (parts.length > spoken.length ? tokensOf(parts.filter(isThought)) : 0);
  return {
    promptTokenCount: prompt,
    ...(candidates > 0 && { candidatesTokenCount: candidates }),
    totalTokenCount: usage.totalTokenCount ?? prompt + candidates + thoughts,
    promptTokensDetails: [{ modality: 'TEXT', tokenCount: prompt }],
    ...(thoughts > 0 && { thoughtsTokenCount: thoughts }),
    ...(usage.cachedContentTokenCount !== undefined && { cachedContentTokenCount: usage.cachedContentTokenCount }),
  };
}

function isThought(part: Part): boolean {
  return part.thought === true;
}

function tokensOf(parts: readonly Part[]): number {
  return estimateTokens(parts.map((part) => part.text ?? JSON.stringify(part)).join(''));
}

/** Neighbouring plain texts become one part: only a stream has them apart. */
function joinTexts(parts: readonly Part[]): Part[] {
  const joined: Part[] = [];
  for (const part of parts) {
    const before = joined.at(-1);
    if (before && isPlainText(part) && isPlainText(before))
      joined[joined.length - 1] = { text: `${before.text}${part.text}` };
    else joined.push(part);
  }
  return joined;
}

function isPlainText(part: Part): boolean {
  return typeof part.text === 'string' && Object.keys(part).length === 1;
}
