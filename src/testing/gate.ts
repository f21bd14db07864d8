import type { ErrorStatus } from './bodies.ts';
import {
  cacheNotFound,
  fileNotFound,
  interactionNotFound,
  keyInvalid,
  keyMissing,
  modelNotFound,
  tokenRefused,
  vertexKeyMissing,
} from './denials.ts';
import type { Exchange } from './exchange.ts';
import type { Caller } from './keys.ts';
import { quotaError, vertexQuotaError } from './quota-error.ts';
import type { Quotas } from './quotas.ts';

// Counting tokens and reading lists cost no quota.
const METERED = new Set([
  'generateContent',
  'streamGenerateContent',
  'embedContent',
  'batchEmbedContents',
  'predict',
  'interactions.create',
]);

/** Why Google would turn the call away before a model sees it, with the name the record shows; undefined lets it in. */
export function gate(
  exchange: Exchange,
  caller: Caller | undefined,
  quotas: Quotas,
): { name: string; error: ErrorStatus } | undefined {
  const { call, target, settings, resources } = exchange;
  const { model } = call;
  // The address handed out by the first step of an upload is a credential by itself.
  if (!caller && target.method !== 'files.upload.finish') {
    if (exchange.request.headers.authorization) return { name: 'unauthenticated', error: tokenRefused() };
    if (call.key !== undefined) return { name: 'apiKeyInvalid', error: keyInvalid() };
    return { name: 'keyMissing', error: target.vertex ? vertexKeyMissing() : keyMissing() };
  }
  if (model !== undefined && settings.models && !settings.models.includes(model)) {
    return { name: 'modelNotFound', error: modelNotFound(target, model) };
  }
  const missing = target.resource !== undefined && missingResource(target.method, target.resource, resources);
  if (missing) return { name: 'resourceNotFound', error: missing };
  const refusal =
    model !== undefined && METERED.has(target.method)
      ? quotas.admit(call.project, model, call.promptTokens, settings.now())
      : undefined;
  if (!refusal || model === undefined) return undefined;
  const { violations, waitMs } = refusal;
  const error = target.vertex
    ? vertexQuotaError(model)
    : quotaError(violations, { model, tier: settings.tier, waitMs });
  return { name: 'quota', error };
}

function missingResource(method: string, id: string, resources: Exchange['resources']): ErrorStatus | undefined {
  const [collection = '', verb] = method.split('.');
  if ((verb !== 'get' && verb !== 'delete') || resources.get(collection, id)) return undefined;
  if (collection === 'files') return fileNotFound(id);
  return collection === 'cachedContents' ? cacheNotFound() : interactionNotFound();
}
