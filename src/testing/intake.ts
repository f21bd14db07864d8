import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Caller, KeyRing } from './keys.ts';
import type { LiveCall } from './record.ts';
import { promptTokens } from './tokens.ts';
import { readKey, readTarget, type Target } from './wire.ts';

const CREDENTIALS = ['x-goog-api-key', 'authorization'];

/** The record of a call whose headers have just come in. */
export function newCall(
  request: IncomingMessage,
  keys: KeyRing,
  at: number,
): { call: LiveCall; target: Target; caller: Caller | undefined } {
  // Not `new URL(path, base)`: a path that begins with two slashes would be taken for a host.
  const url = new URL(`http://fake${request.url?.startsWith('/') ? request.url : '/'}`);
  const target = readTarget(request.method ?? 'GET', url);
  const key = readKey(request.headers, url);
  const caller = key === undefined ? undefined : keys.find(key);
  const label = caller?.label ?? (key === undefined ? 'none' : 'unknown key');
  if (url.searchParams.has('key')) url.searchParams.set('key', label);
  const call: LiveCall = {
    at,
    httpMethod: request.method ?? 'GET',
    method: target.method,
    model: target.model,
    apiVersion: target.apiVersion,
    path: url.pathname + url.search,
    project: target.vertexProject ?? caller?.project ?? 'none',
    keyLabel: label,
    key,
    headers: withoutKey(request.headers, label),
    body: undefined,
    promptTokens: 1,
    played: '',
    status: undefined,
    error: undefined,
    outcome: 'pending',
    endedAt: undefined,
    aborted: false,
  };
  Object.defineProperty(call, 'key', { enumerable: false });
  return { call, target, caller };
}

/** Fills in the body; ends early, without an error, when the client goes away. */
export async function readBody(request: IncomingMessage, call: LiveCall): Promise<void> {
  const pieces: Buffer[] = [];
  try {
    for await (const piece of request) pieces.push(piece as Buffer);
  } catch {
    // The client left in the middle of its own request; what came of it is recorded.
  }
  const text = Buffer.concat(pieces).toString();
  if (text === '') return;
  call.body = parse(text);
  call.promptTokens = promptTokens(call.body);
  call.model ??= modelInBody(call.body);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Interactions and caches name their model in the body. */
function modelInBody(body: unknown): string | undefined {
  const { model } = (body ?? {}) as { model?: unknown };
  return typeof model === 'string' ? model.replace(/^.*models\//, '') : undefined;
}

function withoutKey(headers: IncomingHttpHeaders, label: string): IncomingHttpHeaders {
  const safe = { ...headers };
  for (const name of CREDENTIALS) if (name in safe) safe[name] = `(${label})`;
  return safe;
}
