import { type Call, throwIfOver } from '../call.ts';
import { GeminiError } from '../errors/gemini-error.ts';
import { understand } from '../errors/understand.ts';
import type { CallTelemetry } from '../observe/call-telemetry.ts';
import type { Observers } from '../observe/observers.ts';
import { factsOf, tokensOf, type Usage } from '../observe/usage.ts';
import type { Scope } from '../scope.ts';
import { NO_KEY } from './client.ts';
import { exchange } from './exchange.ts';
import { readdressed } from './readdress.ts';
import type { UpstreamRequest } from './request.ts';
import { type RetryLookout, report } from './sdk-retries.ts';
import type { Sender } from './sender.ts';
import type { StreamEars } from './stream.ts';

const UNKEYED =
  'a client that was made without a key of its own is used where `keys` is switched off. Give it an `apiKey`.';

/** What it needs of the guard. */
interface Owner {
  readonly clock: Call['clock'];
  readonly sender: Sender;
  readonly lookout: RetryLookout;
  readonly observers: Pick<Observers, 'costOf' | 'begin'>;
  warn(code: string, message: string): void;
  alert(scope: Scope, call: Call, error: GeminiError): void;
}

/** One call with all its attempts, seen from beneath the policies. */
export class Flight implements StreamEars {
  readonly #owner: Owner;
  readonly #scope: Scope;
  readonly #call: Call;
  readonly #request: UpstreamRequest;
  readonly #over: (error?: GeminiError, usage?: Usage) => void;
  #attempts = 0;
  #isAnswered = false;
  #hasEnded = false;
  #error: GeminiError | undefined;
  #used: Usage | undefined;
  /** What an alert names: the key and the model that were refused, not those that were asked for. */
  #last: Call;
  readonly #telemetry: CallTelemetry | undefined;

  /** @param over told once, when the last byte has passed */
  constructor(
    owner: Owner,
    scope: Scope,
    call: Call,
    request: UpstreamRequest,
    over: (error?: GeminiError, usage?: Usage) => void,
  ) {
    this.#owner = owner;
    this.#scope = scope;
    this.#call = call;
    this.#request = request;
    this.#over = over;
    this.#last = call;
    this.#telemetry = owner.observers.begin(call);
  }

  /** For the policies. */
  get call(): Call {
    return this.#telemetry?.watched() ?? this.#call;
  }

  /** Makes one attempt; what policies call in the end. */
  readonly send = (passed: Call): Promise<Response> => {
    try {
      throwIfOver(passed);
      this.#last = passed;
      if (this.#request.secret === NO_KEY && !passed.apiKey) {
        this.#owner.warn('GG_MISCONFIGURED', UNKEYED);
        throw new GeminiError('guard_misconfigured');
      }
      const held = passed.beforeSend?.();
      return held ? held.then(() => this.#exchange(passed)) : this.#exchange(passed);
    } catch (error) {
      return Promise.reject(error);
    }
  };

  usage(usage: Usage, answer: unknown): void {
    this.#used = usage;
    const { id: requestId, emit } = this.#scope;
    const { model, key } = this.#last;
    const tokens = tokensOf(usage);
    this.#telemetry?.used(tokens, factsOf(answer));
    const costUsd = this.#owner.observers.costOf(model, tokens);
    emit(
      'usage',
      costUsd === undefined ? { requestId, model, key, tokens } : { requestId, model, key, tokens, costUsd },
    );
  }

  end(error?: GeminiError): void {
    this.#hasEnded = true;
    this.#error = error;
    // Before the answer is given out an end is only that of one attempt.
    if (this.#isAnswered) this.#finish();
  }

  /** The policies have let an answer through. */
  answered(): void {
    const { tally, openedAt } = this.#scope;
    if (this.#call.method === 'streamGenerateContent') {
      tally.firstContentMs ??= this.#owner.clock.now() - openedAt;
      this.#telemetry?.firstChunk();
    }
    this.#isAnswered = true;
    if (this.#hasEnded) this.#finish();
  }

  /** The call has failed for good: the failure to be told. */
  failed(thrown: unknown): GeminiError {
    const error = understand(thrown).with({ attempts: this.#attempts });
    this.#owner.alert(this.#scope, this.#last, error);
    report(this.#owner, this.#scope, this.#request, error);
    this.#telemetry?.end(error);
    return error;
  }

  #exchange(passed: Call): Promise<Response> {
    const { tally } = this.#scope;
    this.#attempts++;
    if (!tally.isAside(passed.method)) {
      tally.requestedModel = this.#call.model;
      this.#scope.showModel(passed.model);
    }
    this.#hasEnded = false;
    this.#error = undefined;
    this.#used = undefined;
    return this.#telemetry ? this.#telemetry.attempt(passed, () => this.#sent(passed)) : this.#sent(passed);
  }

  #sent(passed: Call): Promise<Response> {
    return exchange(passed, readdressed(this.#request, this.#call, passed), this.#owner.sender, this);
  }

  #finish(): void {
    if (this.#error) this.#scope.tally.failure = this.#error;
    this.#telemetry?.end(this.#error);
    this.#over(this.#error, this.#used);
  }
}
