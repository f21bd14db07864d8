import { isGeminiError } from './gemini-error.ts';
import { isObject, items, read, readText } from './safe.ts';

/** A chain longer than this tells nothing new, and a getter can make it endless. */
const MAX_LINKS = 5;
/** Happy eyeballs makes an AggregateError of one error an address; a hostile one can hold any number. */
const MAX_CHILDREN = 8;

/** The value and its causes, outermost first, then the children of aggregates: at most 5 and 8. */
export function linksOf(value: unknown): readonly unknown[] {
  const links: unknown[] = [];
  let children: readonly unknown[] = [];
  let link = value;
  while (links.length < MAX_LINKS && !links.includes(link)) {
    links.push(link);
    if (isGeminiError(link)) break;
    if (children.length === 0) children = items(read(link, 'errors'), MAX_CHILDREN).filter(isError);
    // `lastError` is what retry libraries gave up with.
    const next = read(link, 'cause') ?? read(link, 'lastError');
    if (next === undefined || next === null) break;
    link = next;
  }
  return [...links, ...children];
}

/** An Error of any realm or library, by shape: a body of Google's has no stack and no such name. */
export function isError(value: unknown): boolean {
  if (!isObject(value)) return false;
  if (typeof read(value, 'stack') === 'string') return true;
  return /(?:Error|Exception)$/.test(readText(value, 'name', 128) ?? '');
}

/** Fields in which clients keep what the server sent: our own fetch seam's, gaxios', axios', Vercel's, Speakeasy's. */
export function bodiesOf(error: unknown): readonly unknown[] {
  const response = read(error, 'response');
  const bodies = [
    read(error, 'error'),
    read(error, 'body'),
    read(error, 'responseBody'),
    read(response, 'data'),
    read(response, 'body'),
    read(error, 'data'),
    // The legacy SDK's response error carries the blocked answer.
    response,
    legacyBody(error),
  ];
  return bodies.filter(
    (body) => (typeof body === 'string' && body !== '') || (typeof body === 'object' && body !== null),
  );
}

/** The legacy SDK takes the body apart; here it is again. */
function legacyBody(error: unknown): unknown {
  const details = read(error, 'errorDetails');
  if (details === undefined) return undefined;
  return { error: { message: read(error, 'message'), code: read(error, 'status'), details } };
}
