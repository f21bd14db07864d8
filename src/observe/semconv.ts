/**
 * The names that OpenTelemetry has given to what a call of a model is: those of its conventions v1.41, the last in
 * open-telemetry/semantic-conventions, or the latest of open-telemetry/semantic-conventions-genai. All of them are in
 * development, so that each is written here and nowhere else.
 */
export interface Semconv {
  readonly duration: string;
  readonly firstChunk: string;
  readonly tokens: TokenMetrics;
}

/** One histogram of both kinds, told apart by an attribute; or a histogram and a counter for each. */
export type TokenMetrics =
  | { readonly histogram: string }
  | {
      readonly histograms: { readonly input: string; readonly output: string };
      readonly counters: {
        readonly input: string;
        readonly output: string;
        readonly cached: string;
        readonly thoughts: string;
      };
    };

const V1_41: Semconv = {
  duration: 'gen_ai.client.operation.duration',
  firstChunk: 'gen_ai.client.operation.time_to_first_chunk',
  tokens: { histogram: 'gen_ai.client.token.usage' },
};

const LATEST: Semconv = {
  duration: 'gen_ai.client.inference.duration',
  firstChunk: 'gen_ai.client.inference.time_to_first_chunk',
  tokens: {
    histograms: {
      input: 'gen_ai.client.inference.operation.input_tokens',
      output: 'gen_ai.client.inference.operation.output_tokens',
    },
    counters: {
      input: 'gen_ai.client.inference.usage.input_tokens',
      output: 'gen_ai.client.inference.usage.output_tokens',
      cached: 'gen_ai.client.inference.usage.cache_read.input_tokens',
      thoughts: 'gen_ai.client.inference.usage.reasoning.output_tokens',
    },
  },
};

/** @param env OTEL_SEMCONV_STABILITY_OPT_IN is a list, separated by commas */
export function semconv(env: Readonly<Record<string, string | undefined>>): Semconv {
  const optedIn = (env.OTEL_SEMCONV_STABILITY_OPT_IN ?? '').split(',').map((name) => name.trim());
  return optedIn.includes('gen_ai_latest_experimental') ? LATEST : V1_41;
}

/** Attributes, the same in both. */
export const ATTRIBUTE = {
  operation: 'gen_ai.operation.name',
  provider: 'gen_ai.provider.name',
  model: 'gen_ai.request.model',
  answeredBy: 'gen_ai.response.model',
  stream: 'gen_ai.request.stream',
  finishReasons: 'gen_ai.response.finish_reasons',
  inputTokens: 'gen_ai.usage.input_tokens',
  outputTokens: 'gen_ai.usage.output_tokens',
  cachedTokens: 'gen_ai.usage.cache_read.input_tokens',
  thoughtTokens: 'gen_ai.usage.reasoning.output_tokens',
  tokenType: 'gen_ai.token.type',
  server: 'server.address',
  port: 'server.port',
  status: 'http.response.status_code',
  error: 'error.type',
} as const;

/** Names of our own: of attributes, and of events on the span of a call. */
export const OWN = 'gemini_guard';

/** Methods of the API as operations. */
const OPERATIONS: Readonly<Record<string, string>> = {
  generateContent: 'generate_content',
  streamGenerateContent: 'generate_content',
  embedContent: 'embeddings',
  batchEmbedContents: 'embeddings',
  'chat.completions': 'chat',
  embeddings: 'embeddings',
};

export function operationOf(method: string): string {
  return Object.hasOwn(OPERATIONS, method) ? (OPERATIONS[method] as string) : method;
}

export function providerOf(host: string, region: string | undefined): string {
  return region !== undefined || /(?:^|[.-])aiplatform\./.test(host) ? 'gcp.vertex_ai' : 'gcp.gemini';
}

/** Seconds, and tokens. */
export const DURATION_BOUNDARIES: readonly number[] = [
  0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
];
export const TOKEN_BOUNDARIES: readonly number[] = Array.from({ length: 14 }, (_, i) => 4 ** i);
