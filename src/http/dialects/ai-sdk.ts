import { COMMENT, type DialectOf, EVENTS, event } from './dialect.ts';

const DONE = 'data: [DONE]\n\n';

/**
 * The UI message stream, version 1, of the Vercel AI SDK (`useChat`). Its errors are one text, in which the problem stands
 * as JSON: `toProblem(error)` of `gemini-guard/frontend` finds it.
 */
export const aiSdk: DialectOf = ({ requestId }) => {
  let open: 'text' | 'reasoning' | undefined;
  let parts = 0;
  let calls = 0;
  let isStarted = false;

  const close = (): string => {
    const last = open;
    open = undefined;
    return last ? event({ type: `${last}-end`, id: `${parts}` }) : '';
  };
  const delta = (kind: 'text' | 'reasoning', words: string): string => {
    if (!words) return '';
    let before = '';
    if (open !== kind) {
      before = close();
      open = kind;
      parts++;
      before += event({ type: `${kind}-start`, id: `${parts}` });
    }
    return before + event({ type: `${kind}-delta`, id: `${parts}`, delta: words });
  };
  const start = (): string => {
    if (isStarted) return '';
    isStarted = true;
    return event({ type: 'start', messageId: requestId });
  };

  return {
    headers: { 'Content-Type': EVENTS, 'X-Vercel-AI-UI-Message-Stream': 'v1' },
    beat: COMMENT,
    piece({ text, thought = '', parts: others = [] }) {
      const begun = start() + delta('reasoning', thought) + delta('text', text);
      return others.reduce<string>((frames, { functionCall, inlineData }) => {
        if (functionCall) {
          calls++;
          return (
            frames +
            close() +
            event({
              type: 'tool-input-available',
              toolCallId: functionCall.id ?? `${requestId}-${calls}`,
              toolName: functionCall.name ?? '',
              input: functionCall.args ?? {},
            })
          );
        }
        if (!inlineData?.data) return frames;
        const { mimeType: mediaType = 'application/octet-stream', data } = inlineData;
        return frames + close() + event({ type: 'file', mediaType, url: `data:${mediaType};base64,${data}` });
      }, begun);
    },
    error: (problem) => start() + close() + event({ type: 'error', errorText: JSON.stringify(problem) }) + DONE,
    end(isTruncated) {
      const finishReason = isTruncated ? 'length' : calls > 0 ? 'tool-calls' : 'stop';
      return start() + close() + event({ type: 'finish', finishReason }) + DONE;
    },
  };
};
