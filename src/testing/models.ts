/** The models listed when `models` is not given. */
export const DEFAULT_MODELS: readonly string[] = ['gemini-3.8-flash', 'gemini-3.5-flash-lite', 'gemini-embedding-001'];

/** A model as `models.get` and `models.list` answer it. */
export function modelBody(model: string): Record<string, unknown> {
  const embeds = model.includes('embedding');
  return {
    name: `models/${model}`,
    version: '001',
    displayName: model,
    inputTokenLimit: embeds ? 2048 : 1_048_576,
    outputTokenLimit: embeds ? 1 : 65_536,
    supportedGenerationMethods: embeds ? ['embedContent', 'countTokens'] : ['generateContent', 'countTokens'],
  };
}

/** The same in Vertex AI's words. */
export function publisherModelBody(model: string): Record<string, unknown> {
  return { name: `publishers/google/models/${model}`, versionId: 'default', launchStage: 'GA' };
}
