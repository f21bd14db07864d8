import { readJson } from './read-json.ts';
import { isObject } from './safe.ts';

/** Enough of a stream to know how it went; the last events say most, so they are kept. */
const MAX_EVENTS = 1024;

const FIELD = /^(?:data|event|id|retry)?:/;

/**
 * The parsed events of a text that is a server-sent stream, also where Google ends one with a bare JSON error; nothing
 * for any other text.
 */
export function eventsOf(text: string): readonly unknown[] {
  const stream = text.trimStart();
  if (!FIELD.test(stream)) return [];
  const events: unknown[] = [];
  let data: string[] = [];
  let name: string | undefined;
  const bare: string[] = [];
  const flush = (): void => {
    const event = readJson(data.join('\n'));
    // In an error event the error may stand without its usual envelope.
    if (event !== undefined)
      events.push(name === 'error' && isObject(event) && !('error' in event) ? { error: event } : event);
    data = [];
    name = undefined;
  };
  for (const line of stream.split(/\r\n|\r|\n/)) {
    if (line.startsWith('data:')) {
      // Some servers put no blank line between events: a line that is JSON by itself is one event.
      if (data.length === 1 && readJson(data[0] as string) !== undefined) flush();
      data.push(line.slice(5));
    } else if (line.startsWith('event:')) {
      flush();
      name = line.slice(6).trim();
    } else if (line === '') flush();
    else if (!FIELD.test(line)) bare.push(line);
  }
  flush();
  const rest = readJson(bare.join('\n'));
  if (rest !== undefined) events.push(rest);
  return events.slice(-MAX_EVENTS);
}
