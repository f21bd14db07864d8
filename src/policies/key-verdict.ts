import type { ApiKey } from '../api-key.ts';
import type { Call } from '../call.ts';
import type { GeminiError } from '../errors/gemini-error.ts';
import type { Kind } from '../errors/kinds.ts';
import { nameOf } from '../store/store.ts';
import { closingMs, ledgerOf, QUOTA_KINDS, refused, verdictOf } from './quota-verdict.ts';

/** A key that gets one of these gets it until somebody acts. */
const DEAD: ReadonlySet<Kind> = new Set<Kind>([
  'invalid_credentials',
  'account_suspended',
  'service_disabled',
  'billing',
]);

/**
 * These may lie in the key, or in a model that nobody here may use, or in where this server stands. Benched for them at once,
 * all keys could be taken out by one visitor who asks for the wrong thing.
 */
const DOUBTFUL: ReadonlySet<Kind> = new Set<Kind>(['permission_denied', 'location_unsupported']);

/** Whether the key is refused, whatever is asked with it. */
export function isAboutKey({ kind, source }: GeminiError): boolean {
  return source === 'upstream' && DEAD.has(kind);
}

export function mayBeAboutKey({ kind, source }: GeminiError): boolean {
  return source === 'upstream' && DOUBTFUL.has(kind);
}

/** Whether it is the quota of the project that is in the way: that of another one may not be. */
export function isAboutQuota({ kind, source, upstream }: GeminiError): boolean {
  // More tokens than this project has a minute; more than the model takes names no quota.
  const isTooLong = kind === 'context_too_long' && source === 'guard' && upstream?.quota !== undefined;
  return QUOTA_KINDS.has(kind) || isTooLong;
}

/** Methods without a model in their URL that belong to nobody. */
const ANYBODYS = new Set(['models.list', 'chat.completions', 'embeddings']);

/** Whether it has to do with what is stored under one project: files, caches, batches, operations, conversations, tuned models. */
export function isBound({ repeat, isMovable, method, prompt }: Call): boolean {
  return repeat !== 'always' || !(isMovable || ANYBODYS.has(method)) || prompt.isBound;
}

/** The call with this key in place of the client's own. */
export function withKey(call: Call, key: ApiKey): Call {
  const passed: Call = {
    ...call,
    apiKey: key,
    key: key.label,
    project: key.project,
    // The quota part puts its own in this place; without one, a project that rests must not be asked all the same.
    beforeSend: async () => throwIfResting(passed),
  };
  return passed;
}

/** @throws GeminiError what closed the gate, with the time that is left */
function throwIfResting(call: Call): void {
  const name = ledgerOf(call);
  const waitMs = call.store.closedMs(name, call.clock);
  if (waitMs <= 0) return;
  const ledger = call.store.status(call.clock).find((other) => nameOf(other) === nameOf(name));
  throw refused({
    why: 'gate',
    waitMs,
    ...(ledger?.gate ? { verdict: { kind: ledger.gate.kind } } : {}),
  });
}

/** Closes the gate of a project whose quota is used up, where no quota part has done so. */
export function rest(call: Call, error: GeminiError): void {
  const { store } = call;
  const name = ledgerOf(call);
  const closedMs = closingMs(error, call);
  if (closedMs === undefined || store.closedMs(name, call.clock) > 0) return;
  store.close(name, verdictOf(error), closedMs, call.clock);
}
