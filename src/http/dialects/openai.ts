import { openaiError } from '../format.ts';
import { COMMENT, type DialectOf, EVENTS, event } from './dialect.ts';

/** `chat.completion.chunk`, for clients of OpenAI. After an error no `[DONE]`: to many of them that means success. */
export const openai: DialectOf = ({ requestId, createdS }) => {
  let role: { role?: 'assistant' } = { role: 'assistant' };
  let model = '';
  let calls = 0;

  const chunk = (delta: object, finish: string | null = null): string => {
    const choices = [{ index: 0, delta: { ...role, ...delta }, finish_reason: finish }];
    role = {};
    return event({ id: `chatcmpl-${requestId}`, object: 'chat.completion.chunk', created: createdS, model, choices });
  };

  return {
    headers: { 'Content-Type': EVENTS },
    beat: COMMENT,
    piece({ text, parts = [], model: served }) {
      model ||= served ?? '';
      const called = parts.flatMap(({ functionCall }) => {
        if (!functionCall) return [];
        const { id = `call_${requestId}_${calls}`, name = '', args = {} } = functionCall;
        return [{ index: calls++, id, type: 'function', function: { name, arguments: JSON.stringify(args) } }];
      });
      if (!text && called.length === 0) return '';
      return chunk({ ...(text ? { content: text } : {}), ...(called.length > 0 ? { tool_calls: called } : {}) });
    },
    error: (problem) => event(openaiError(problem)),
    end(isTruncated) {
      return `${chunk({}, isTruncated ? 'length' : calls > 0 ? 'tool_calls' : 'stop')}data: [DONE]\n\n`;
    },
  };
};
