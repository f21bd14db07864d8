import { promptTokens } from './tokens.ts';

// Small by default so that a test's output stays readable; the real default is 3072.
const DIMENSIONS = 8;

interface EmbedRequest {
  readonly content?: unknown;
  readonly outputDimensionality?: number;
  readonly embedContentConfig?: { readonly outputDimensionality?: number };
}

/** `:embedContent`. The same text has the same vector, so that caches and searches can be tested. */
export function embed(body: unknown): unknown {
  return { embedding: { values: vectorOf(body) } };
}

/** `:batchEmbedContents`. */
export function embedAll(body: unknown): unknown {
  const { requests = [] } = (body ?? {}) as { requests?: readonly unknown[] };
  return { embeddings: requests.map((request) => ({ values: vectorOf(request) })) };
}

/** Vertex AI's `:predict` of an embedding model. */
export function predict(body: unknown): unknown {
  const { instances = [], parameters } = (body ?? {}) as { instances?: readonly object[]; parameters?: EmbedRequest };
  return {
    predictions: instances.map((instance) => ({
      embeddings: {
        values: vectorOf({ ...parameters, ...instance }),
        statistics: { token_count: promptTokens(instance), truncated: false },
      },
    })),
  };
}

function vectorOf(request: unknown): number[] {
  const asked = (request ?? {}) as EmbedRequest;
  const length = asked.outputDimensionality ?? asked.embedContentConfig?.outputDimensionality ?? DIMENSIONS;
  const text = JSON.stringify(asked.content ?? '');
  let state = 2166136261;
  for (const char of text) state = Math.imul(state ^ char.charCodeAt(0), 16777619);
  return Array.from({ length }, () => {
    state = Math.imul(state, 1664525) + 1013904223;
    return Number(((state >>> 0) / 2 ** 31 - 1).toFixed(6));
  });
}
