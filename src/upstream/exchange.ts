import type { Call } from '../call.ts';
import type { GeminiError } from '../errors/gemini-error.ts';
import { redact } from '../errors/redact.ts';
import { understand } from '../errors/understand.ts';
import type { GuardEvents } from '../observe/events.ts';
import { errorText } from './body.ts';
import { ExchangeLimits } from './limits.ts';
import { redirected } from './redirected.ts';
import type { UpstreamRequest } from './request.ts';
import type { Incoming, Sender } from './sender.ts';
import { guardStream, type StreamEars } from './stream.ts';
import { StreamedResponse } from './streamed-response.ts';
import { EventWatch, RAW } from './watch.ts';
import { isEventStream, wholeAnswer } from './whole-answer.ts';

/** Makes one HTTP call. What comes back is a real answer; anything else is thrown as a GeminiError. */
export async function exchange(
  call: Call,
  request: UpstreamRequest,
  sender: Sender,
  ears: StreamEars,
): Promise<Response> {
  const limits = new ExchangeLimits(call);
  const { clock } = call;
  const begun = clock.now();
  let status: number | undefined;
  let streaming = false;
  let failure: GeminiError | undefined;
  try {
    limits.within(
      call.method === 'streamGenerateContent'
        ? Math.min(call.limits.firstByteMs, call.limits.attemptMs)
        : call.limits.attemptMs,
    );
    const response = await sender.send(request, limits);
    status = response.status;
    if (response.status >= 300 && response.status < 400) {
      response.cancel();
      throw redirected(response.status);
    }
    if (response.status < 200 || response.status >= 400) throw await refusal(response, call, limits, request);
    limits.within(call.limits.attemptMs - (clock.now() - begun));
    const whole = wholeAnswer(response, call, request, ears);
    if (whole) return 'then' in whole ? await whole : whole;
    const watch = isEventStream(response) ? new EventWatch(call, request.secrets) : RAW;
    const body = await guardStream(response.reader(), call, limits, watch, ears);
    streaming = true;
    return new StreamedResponse(body, response);
  } catch (error) {
    failure = withoutSecrets(understand(error), request.secrets);
    throw failure;
  } finally {
    const { id, method, model, key, attempt } = call;
    const event: GuardEvents['attempt'] = {
      requestId: id,
      method,
      model,
      key,
      attempt,
      durationMs: clock.now() - begun,
    };
    if (status !== undefined) event.status = status;
    if (failure) event.kind = failure.kind;
    call.emit('attempt', event);
    if (!streaming) {
      limits.end();
      // Nothing listens to a call that has failed: its socket must not stay open behind it.
      if (failure) limits.abort(failure);
      ears.end(failure);
    }
  }
}

/** An error body that takes longer tells less than the time that is left is worth. */
const ERROR_BODY_MS = 5000;

async function refusal(
  response: Incoming,
  call: Call,
  limits: ExchangeLimits,
  request: UpstreamRequest,
): Promise<GeminiError> {
  const { status, headers } = response;
  // A connection that breaks while the refusal is read leaves its status: that is most of the truth.
  limits.within(ERROR_BODY_MS);
  const text = await errorText(response).catch((error: unknown) => {
    if (limits.aborted && understand(error).kind !== 'upstream_timeout') throw error;
    return '';
  });
  const contentType = headers.get('content-type') ?? undefined;
  return understand(redact(text, request.secrets), {
    status,
    headers,
    now: () => call.clock.date(),
    ...(contentType ? { contentType } : {}),
  });
}

/** An answer that was read as JSON may tell of a failure too, and echo a key in it. */
function withoutSecrets(error: GeminiError, secrets: readonly string[]): GeminiError {
  const said = error.upstreamMessage();
  const safe = said === undefined ? undefined : redact(said, secrets);
  return safe === said ? error : error.with({ upstreamMessage: safe });
}
