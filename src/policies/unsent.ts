/** Codes of a connection that was never made: Google cannot have begun the work, nor counted it. */
export const UNSENT_REASONS: ReadonlySet<string | undefined> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
]);
