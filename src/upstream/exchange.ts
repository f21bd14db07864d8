import type { Call } from '../call.ts';
import { GeminiError } from '../errors/gemini-error.ts';
import { inspectAnswer } from '../errors/inspect-answer.ts';
import { redact } from '../errors/redact.ts';
import { understand } from '../errors/understand.ts';
import type { Usage } from '../observe/tally.ts';
import { answerText, errorText } from './body.ts';
import { ExchangeLimits } from './limits.ts';
import type { UpstreamRequest } from './request.ts';
import { guardStream, type StreamEars } from './stream.ts';
import { EventWatch, RAW } from './watch.ts';
import { decoded, WholeResponse } from './whole-response.ts';

/** The part of fetch that an exchange needs. */
export type Transport = (url: string, init: RequestInit) => Promise<Response>;

/** Makes one HTTP call. What comes back is a real answer; anything else is thrown as a GeminiError. */
export async function exchange(
  call: Call,
  request: UpstreamRequest,
  transport: Transport,
  ears: StreamEars,
): Promise<Response> {
  const limits = new ExchangeLimits(call);
  const { clock } = call;
  const begun = clock.now();
  let status: number | undefined;
  let streaming = false;
  let failure: GeminiError | undefined;
  try {
    limits.within(isStreamed(call) ? Math.min(call.limits.firstByteMs, call.limits.attemptMs) : call.limits.attemptMs);
    const response = await limits.race(send(request, transport, limits.signal));
    status = response.status;
    if (response.status >= 300 && response.status < 400) throw redirected(response);
    if (!response.ok) throw await refusal(response, call, limits, request);
    const whole = await wholeAnswer(response, call, limits, ears);
    if (whole) return whole;
    limits.within(call.limits.attemptMs - (clock.now() - begun));
    const watch = isEventStream(response) ? new EventWatch(call) : RAW;
    const body = await guardStream(response.body as ReadableStream<Uint8Array>, call, limits, watch, ears);
    streaming = true;
    const { status: sent, statusText, headers } = response;
    return new Response(body, { status: sent, statusText, headers: decoded(headers) });
  } catch (error) {
    failure = understand(error);
    throw failure;
  } finally {
    const { id, method, model, attempt } = call;
    call.emit('attempt', {
      requestId: id,
      method,
      model,
      attempt,
      ...(status === undefined ? {} : { status }),
      ...(failure ? { kind: failure.kind } : {}),
      durationMs: clock.now() - begun,
    });
    if (!streaming) {
      limits.end();
      // Nothing listens to a call that has failed: its socket must not stay open behind it.
      if (failure) limits.abort(failure);
      ears.end(failure);
    }
  }
}

function isStreamed(call: Call): boolean {
  return call.method === 'streamGenerateContent';
}

function isEventStream(response: Response): boolean {
  return (response.headers.get('content-type') ?? '').includes('text/event-stream');
}

async function send(request: UpstreamRequest, transport: Transport, signal: AbortSignal): Promise<Response> {
  const { url, verb, headers, body, spent } = request;
  return transport(url, {
    method: verb,
    headers,
    signal,
    // fetch would carry x-goog-api-key, and for 307 and 308 the prompt, to whatever host a redirect names.
    redirect: 'manual',
    ...(body === undefined ? {} : { body }),
    ...(spent ? { duplex: 'half' } : {}),
  } as RequestInit);
}

function redirected(response: Response): GeminiError {
  response.body?.cancel().catch(() => {});
  return new GeminiError('invalid_response', {
    retryable: false,
    upstream: { status: response.status, reason: 'REDIRECT_REFUSED' },
  });
}

async function refusal(
  response: Response,
  call: Call,
  limits: ExchangeLimits,
  request: UpstreamRequest,
): Promise<GeminiError> {
  const { status, headers } = response;
  // A connection that breaks while the refusal is read leaves its status: that is most of the truth.
  const text = await errorText(response, limits).catch((error: unknown) => {
    if (limits.signal.aborted) throw error;
    return '';
  });
  const contentType = headers.get('content-type') ?? undefined;
  const secrets = request.secret === undefined ? [] : [request.secret];
  return understand(redact(text, secrets), {
    status,
    headers,
    now: () => call.clock.date(),
    ...(contentType ? { contentType } : {}),
  });
}

/**
 * A unary answer is read whole, so that a cut, an error in a 200 or an empty answer can still be retried. Undefined for
 * what comes in pieces: events and files.
 */
async function wholeAnswer(
  response: Response,
  call: Call,
  limits: ExchangeLimits,
  ears: StreamEars,
): Promise<Response | undefined> {
  if (!response.body) return response;
  const type = response.headers.get('content-type') ?? '';
  const generates = call.method === 'generateContent' || isStreamed(call);
  if (isEventStream(response) || !(generates || type.includes('json'))) return undefined;
  const text = await answerText(response, limits);
  if (!generates && !text) return new WholeResponse(text, response);
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    throw understand(text, { status: 200, contentType: type });
  }
  const failed = generates ? inspectAnswer(answer) : errorIn(answer);
  const usage = (answer as { usageMetadata?: Usage } | null)?.usageMetadata;
  if (usage) ears.usage(usage);
  if (failed) throw failed;
  return new WholeResponse(text, response);
}

/** Google answers 200 with an error inside now and then, and the SDK takes that for success. */
function errorIn(answer: unknown): GeminiError | undefined {
  const error = (answer as { error?: unknown } | null)?.error;
  const isError = typeof error === 'object' && error !== null && 'code' in error && 'message' in error;
  // A long-running operation that failed carries an error and a name: that is an answer.
  return isError && !('name' in (answer as object)) ? understand(answer) : undefined;
}
