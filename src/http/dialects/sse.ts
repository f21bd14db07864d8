import { STREAM_ID } from '../reconnect.ts';
import { COMMENT, CUT_SHORT, type DialectOf, EVENTS, event } from './dialect.ts';

/** Our own: `message` events, one `error` event with the problem, and an end mark. Its reader is `gemini-guard/frontend`. */
export const sse: DialectOf = ({ requestId }) => {
  // Once: EventSource sends the last id it saw when it comes again, and that request must not be answered a second time.
  let id = `id: ${STREAM_ID}${requestId}\n`;
  const first = (frame: string): string => {
    const whole = id + frame;
    id = '';
    return whole;
  };
  return {
    headers: { 'Content-Type': EVENTS },
    beat: COMMENT,
    piece: (piece) => first(event(piece)),
    error: (problem) => first(`event: error\n${event(problem)}`),
    end: (isTruncated) => first(`${isTruncated ? event(CUT_SHORT) : ''}event: done\n${event({})}`),
  };
};
