import type { Call } from '../call.ts';
import type { GeminiError } from '../errors/gemini-error.ts';
import { clean, redact } from '../errors/redact.ts';
import type { EventName, GuardEvents, Tokens } from './events.ts';
import { paidInput, paidOutput } from './instruments.ts';
import type { Attributes } from './otel.ts';
import { ATTRIBUTE, OWN, operationOf, providerOf } from './semconv.ts';
import type { Facts } from './usage.ts';

/** Events that are told on the span of their call, with what of them. */
const TOLD: { readonly [E in EventName]?: readonly string[] } = {
  retry: ['attempt', 'kind', 'waitMs'],
  gate: ['state', 'why', 'waitMs', 'shadow'],
  circuit: ['state', 'waitMs', 'shadow'],
  queue: ['state', 'waitMs', 'shadow'],
  prompt: ['tokens', 'limit', 'shadow'],
  failover: ['state', 'to', 'kind'],
  key: ['state', 'key', 'kind'],
};

/** Longest text of an attribute. */
const TEXT_MOST = 100;

export function spanName({ method, model }: Call): string {
  return model === '' ? operationOf(method) : `${operationOf(method)} ${safe(model)}`;
}

export function callAttributes({ method, host, region, model }: Call): Attributes {
  return {
    [ATTRIBUTE.operation]: operationOf(method),
    [ATTRIBUTE.provider]: providerOf(host, region),
    ...(model === '' ? {} : { [ATTRIBUTE.model]: safe(model) }),
    ...(method === 'streamGenerateContent' ? { [ATTRIBUTE.stream]: true } : {}),
    ...serverOf(host),
  };
}

export function serverOf(host: string): Attributes {
  const [, name = host, port] = /^(.*?)(?::(\d+))?$/.exec(host) ?? [];
  return { [ATTRIBUTE.server]: name, [ATTRIBUTE.port]: port === undefined ? 443 : Number(port) };
}

export function usageAttributes(tokens: Tokens, { model, finishReason }: Facts): Attributes {
  return {
    [ATTRIBUTE.inputTokens]: paidInput(tokens),
    [ATTRIBUTE.outputTokens]: paidOutput(tokens),
    ...(tokens.cached > 0 ? { [ATTRIBUTE.cachedTokens]: tokens.cached } : {}),
    ...(tokens.thoughts > 0 ? { [ATTRIBUTE.thoughtTokens]: tokens.thoughts } : {}),
    ...(model === undefined ? {} : { [ATTRIBUTE.answeredBy]: model }),
    ...(finishReason === undefined ? {} : { [ATTRIBUTE.finishReasons]: [finishReason] }),
  };
}

/** What happened to a call, for its span; undefined for what shows otherwise. */
export function eventAttributes<E extends EventName>(event: E, data: GuardEvents[E]): Attributes | undefined {
  const names = TOLD[event];
  if (!names) return undefined;
  const attributes: Attributes = {};
  for (const name of names) {
    const value = (data as unknown as Record<string, string | number | boolean | undefined>)[name];
    if (value === undefined) continue;
    const key = `${OWN}.${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
    attributes[key] = typeof value === 'string' ? safe(value) : value;
  }
  return attributes;
}

export function failureAttributes({ kind, upstream }: GeminiError): Attributes {
  const status = upstream?.status;
  return { [ATTRIBUTE.error]: kind, ...(status === undefined ? {} : { [ATTRIBUTE.status]: status }) };
}

/** A model's name may be whatever a visitor has asked for. */
export function safe(text: string): string {
  return redact(clean(text, TEXT_MOST));
}
