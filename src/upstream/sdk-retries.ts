/** Calls looked at: a client either retries or it does not, and a stack costs microseconds. */
const LOOKS = 50;

/**
 * Notices a retry loop of the caller's SDK: @google/genai runs fetch inside p-retry when `retryOptions` is set. The
 * arguments of fetch do not tell, and since those retries are stopped they would never be seen either.
 */
export class RetryLookout {
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
