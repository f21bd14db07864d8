/** Calls looked at: a client either retries or it does not, and a stack costs microseconds. */
let looks = 50;

/**
 * Whether a retry loop of the caller's SDK called us: @google/genai runs fetch inside p-retry when `retryOptions` is set.
 * The call's own arguments do not tell, and its retries are stopped, so they would never be seen either.
 */
export function calledByRetry(): boolean {
  if (looks <= 0) return false;
  looks--;
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 12;
  const { stack } = new Error();
  Error.stackTraceLimit = stackTraceLimit;
  return /node_modules[\\/](?:p-retry|retry)[\\/]/.test(stack ?? '');
}
