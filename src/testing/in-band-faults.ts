import { generate } from './answer.ts';
import type { Exchange } from './exchange.ts';
import { newResponseId } from './generated.ts';
import { goodPayload, playPayload, streamed } from './payload.ts';
import type { Reply } from './reply.ts';

/** 200: the prompt was refused; no candidates. @param reason a `blockReason`; default `SAFETY` */
export function blockedPrompt(reason = 'SAFETY'): Reply {
  return bodyFault('blockedPrompt', { promptFeedback: { blockReason: reason } });
}

/** 200: the answer was stopped by policy, without content. @param finishReason default `SAFETY` */
export function blockedResponse(finishReason = 'SAFETY'): Reply {
  return bodyFault('blockedResponse', { candidates: [{ finishReason, index: 0 }] });
}

/** 200, `STOP`, and no parts. */
export function empty(): Reply {
  return bodyFault('empty', { candidates: [{ content: { role: 'model' }, finishReason: 'STOP', index: 0 }] });
}

/** 200 and no candidates, no reason. */
export function noCandidates(): Reply {
  return bodyFault('noCandidates', {});
}

/** A response body that holds for a unary call and is the only chunk of a stream; other routes answer as ever. */
function bodyFault(name: string, body: Readonly<Record<string, unknown>>): Reply {
  return {
    name,
    gated: true,
    play(exchange) {
      const { method } = exchange.target;
      if (!method.endsWith('enerateContent')) return playPayload(exchange, goodPayload(exchange, generate([''])));
      const whole = { ...body, ...tail(exchange) };
      if (method === 'generateContent') return exchange.sendJson(200, whole);
      return playPayload(exchange, streamed(exchange, [whole]));
    },
  };
}

function tail({ call }: Exchange): object {
  const { promptTokens } = call;
  return {
    usageMetadata: {
      promptTokenCount: promptTokens,
      totalTokenCount: promptTokens,
      promptTokensDetails: [{ modality: 'TEXT', tokenCount: promptTokens }],
    },
    modelVersion: call.model,
    responseId: newResponseId(),
  };
}
