/** A rough token count, good enough for quotas and `usageMetadata`: one token per four characters, at least 1. */
export function estimateTokens(text: string): number {
  return Math.max(1, Math.ceil(text.length / 4));
}

/** The tokens of a request body: every `text` string in it, wherever it sits. Media and options count nothing. */
export function promptTokens(body: unknown): number {
  const texts: string[] = [];
  collectTexts(body, texts);
  return estimateTokens(texts.join(''));
}

// `content` is Vertex's :predict, `input` the Interactions API; both may hold a bare string.
const TEXT_KEYS = new Set(['text', 'content', 'input']);

function collectTexts(value: unknown, into: string[], key = ''): void {
  if (typeof value === 'string') {
    if (TEXT_KEYS.has(key)) into.push(value);
  } else if (Array.isArray(value)) {
    for (const item of value) collectTexts(item, into, key);
  } else if (value !== null && typeof value === 'object') {
    for (const [name, item] of Object.entries(value)) collectTexts(item, into, name);
  }
}
