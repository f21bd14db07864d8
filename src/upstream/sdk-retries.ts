import type { Clock } from '../clock.ts';
import type { GeminiError } from '../errors/gemini-error.ts';
import { newReports, type Reports, type Scope } from '../scope.ts';
import type { UpstreamRequest } from './request.ts';

export const SDK_RETRIES =
  'An SDK above the guard retries by itself (retryOptions, maxRetries). Its retries are not repeated upstream; switch them off, the guard retries already.';

/** Calls looked at: a client either retries or it does not, and a stack costs microseconds. */
const LOOKS = 50;

/**
 * Notices a retry loop of the caller's SDK: @google/genai runs fetch inside p-retry when `retryOptions` is set. The
 * arguments of fetch do not tell, and since those retries are stopped they would never be seen either.
 */
export class RetryLookout {
  /** Failures reported to SDKs that say of each call which try it is. */
  readonly reported: Reports = newReports();
  #looks = LOOKS;

  /** To be asked before the first await: behind it the stack of the caller is gone. */
  seesRetry(): boolean {
    if (this.#looks <= 0) return false;
    this.#looks--;
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 12;
    const { stack } = new Error();
    Error.stackTraceLimit = stackTraceLimit;
    return /node_modules[\\/](?:p-retry|retry)[\\/]/.test(stack ?? '');
  }
}

/** What of a guard is needed to know a call again. */
interface Owner {
  readonly clock: Clock;
  readonly lookout: RetryLookout;
  warn(code: string, message: string): void;
}

type Told = Pick<UpstreamRequest, 'identity' | 'retries'>;

/** The interactions stack of the SDK retries by itself, for up to 8 s between two tries: it gets the same failure again. */
const REPORTED_MS = 15_000;

/** @throws GeminiError the failure that an earlier try of the same call has been told of. */
export function throwIfReported(owner: Owner, scope: Scope, request: Told): void {
  const { identity, retries } = request;
  if (retries) owner.warn('GG_SDK_RETRIES', SDK_RETRIES);
  const isFirst = identity === undefined || retries === 0;
  const reported = isFirst ? undefined : reportsIn(owner, scope, request).get(identity);
  if (!reported || owner.clock.now() - reported.at > REPORTED_MS) return;
  owner.warn('GG_SDK_RETRIES', SDK_RETRIES);
  throw reported.error;
}

/** Remembers what an SDK was told, in case it asks again by itself. */
export function report(owner: Owner, scope: Scope, request: Told, error: GeminiError): void {
  if (request.identity === undefined) return;
  reportsIn(owner, scope, request).set(request.identity, { error, at: owner.clock.now() });
}

/** An SDK that counts its tries proves that it is one more, wherever it is made; others are believed within one scope. */
function reportsIn(owner: Owner, scope: Scope, { retries }: Told): Reports {
  return retries === undefined ? scope.reported : owner.lookout.reported;
}
