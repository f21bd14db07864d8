import type { AnswerEvent, GuardEvents, Tokens } from './events.ts';
import { Histogram, type Percentiles } from './histogram.ts';

/** What many requests came to. */
export interface Figures {
  requests: number;
  /** Requests by code: `ok`, `app_error`, or the public code of their failure. */
  codes: Record<string, number>;
  /** Failed requests by kind. */
  kinds: Record<string, number>;
  /** The share of requests that failed for their visitor: neither `ok`, nor the app's own error, nor given up by him. */
  errorRate: number;
  /** Of whole requests. */
  latencyMs: Percentiles;
  /** Until the first content of a stream; absent where nothing was streamed. */
  firstContentMs?: Percentiles;
  tokens: Tokens;
  costUsd: number;
  /** Requests that have used tokens of a model whose price is not known: `costUsd` lacks them. */
  unpricedRequests: number;
  /** Upstream HTTP calls. */
  attempts: number;
  /** Failed attempts that were repeated; of a key: its attempts that repeated one. */
  retries: number;
  /** Requests that another model has answered than the one that was asked for. */
  failovers: number;
  /** Sum of all waits. */
  waitMs: number;
  /** Answered although a call had failed or had to wait. */
  saved: number;
}

/** Codes that are no failure of the service. */
const NO_FAILURES: readonly string[] = ['ok', 'app_error', 'client_closed'];

/** Adds up requests, and the calls that they have made. */
export class Sum {
  requests = 0;
  readonly codes: Record<string, number> = {};
  readonly kinds: Record<string, number> = {};
  readonly latency: Histogram = new Histogram();
  firstContent: Histogram | undefined;
  readonly tokens: Tokens = { input: 0, output: 0, cached: 0, thoughts: 0, tools: 0 };
  costUsd = 0;
  unpricedRequests = 0;
  attempts = 0;
  retries = 0;
  failovers = 0;
  waitMs = 0;
  saved = 0;

  /** A request, without what its calls came to. */
  addRequest(answer: AnswerEvent): void {
    const { code, kind, durationMs, firstContentMs } = answer;
    this.requests++;
    this.codes[code] = (this.codes[code] ?? 0) + 1;
    if (kind !== undefined) this.kinds[kind] = (this.kinds[kind] ?? 0) + 1;
    this.latency.add(durationMs);
    if (firstContentMs !== undefined) {
      this.firstContent ??= new Histogram();
      this.firstContent.add(firstContentMs);
    }
    if (answer.unpriced) this.unpricedRequests++;
    if (answer.requestedModel !== undefined) this.failovers++;
    for (const ms of answer.waitsMs) this.waitMs += ms;
    if (answer.saved) this.saved++;
  }

  /** The calls of a request, as its record has them. */
  addCalls({ attempts, retries = 0, tokens, costUsd = 0 }: AnswerEvent): void {
    this.attempts += attempts;
    this.retries += retries;
    this.addTokens(tokens);
    this.costUsd += costUsd;
  }

  addUsage({ tokens, costUsd = 0 }: GuardEvents['usage']): void {
    this.addTokens(tokens);
    this.costUsd += costUsd;
  }

  addAll(other: Sum): void {
    this.requests += other.requests;
    addCounts(this.codes, other.codes);
    addCounts(this.kinds, other.kinds);
    this.latency.addAll(other.latency);
    if (other.firstContent) {
      this.firstContent ??= new Histogram();
      this.firstContent.addAll(other.firstContent);
    }
    this.addTokens(other.tokens);
    this.costUsd += other.costUsd;
    this.unpricedRequests += other.unpricedRequests;
    this.attempts += other.attempts;
    this.retries += other.retries;
    this.failovers += other.failovers;
    this.waitMs += other.waitMs;
    this.saved += other.saved;
  }

  addTokens(tokens: Tokens): void {
    this.tokens.input += tokens.input;
    this.tokens.output += tokens.output;
    this.tokens.cached += tokens.cached;
    this.tokens.thoughts += tokens.thoughts;
    this.tokens.tools += tokens.tools;
  }

  figures(): Figures {
    const failed = Object.entries(this.codes).reduce(
      (sum, [code, n]) => (NO_FAILURES.includes(code) ? sum : sum + n),
      0,
    );
    return {
      requests: this.requests,
      codes: { ...this.codes },
      kinds: { ...this.kinds },
      errorRate: this.requests === 0 ? 0 : failed / this.requests,
      latencyMs: this.latency.percentiles(),
      ...(this.firstContent?.count ? { firstContentMs: this.firstContent.percentiles() } : {}),
      tokens: { ...this.tokens },
      costUsd: dollars(this.costUsd),
      unpricedRequests: this.unpricedRequests,
      attempts: this.attempts,
      retries: this.retries,
      failovers: this.failovers,
      waitMs: this.waitMs,
      saved: this.saved,
    };
  }
}

/** Without what adding up fractions leaves behind. */
export function dollars(usd: number): number {
  return Math.round(usd * 1e9) / 1e9;
}

function addCounts(to: Record<string, number>, counts: Readonly<Record<string, number>>): void {
  for (const name in counts) to[name] = (to[name] ?? 0) + (counts[name] as number);
}
