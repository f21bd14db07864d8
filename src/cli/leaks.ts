import { KEY } from './servers.ts';

/** What a visitor must not see. */
export type Leak = 'key' | 'project' | 'stack' | 'Google text';

/** The number in the fake's errors; real ones name yours. */
const PROJECT = '123456789012';

const SIGNS: Readonly<Record<Leak, RegExp>> = {
  stack: /\bat \S.{0,200}:\d{1,9}:\d/,
  key: new RegExp(KEY),
  project: new RegExp(PROJECT),
  'Google text':
    /\b(?:RESOURCE_EXHAUSTED|UNAVAILABLE|INTERNAL|PERMISSION_DENIED|INVALID_ARGUMENT)\b|googleapis\.com|google\.dev|That.s an error/,
};

/** What leaks in the bytes of an answer, headers included. */
export function leaksIn(answer: string): Leak[] {
  return (Object.keys(SIGNS) as Leak[]).filter((leak) => SIGNS[leak].test(answer));
}
