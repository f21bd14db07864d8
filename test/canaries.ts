import { Server } from 'node:http';

/** In the shape of a real key, so that redaction is tested; built from pieces, so that scanners let it pass. */
export const CANARY_KEY: string = ['AI', 'zaSyCANARY', '0123456789abcdefghijklmnopqrs'].join('');
export const CANARY_PROMPT = 'P-CANARY tell nobody';

/** Raw, URL-encoded, JSON-escaped once and twice, and base64 at each of its three alignments. */
export function formsOf(secret: string): string[] {
  const escaped = JSON.stringify(secret).slice(1, -1);
  const base64 = [0, 1, 2].map((skip) => {
    const bytes = Buffer.from(secret).subarray(skip);
    return bytes.subarray(0, bytes.length - (bytes.length % 3)).toString('base64');
  });
  const url = encodeURIComponent(secret);
  return [
    secret,
    url,
    url.replaceAll('%20', '+'),
    escaped,
    JSON.stringify(escaped).slice(1, -1),
    ...base64,
    ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
  ];
}

const FORMS = [CANARY_KEY, CANARY_PROMPT].flatMap(formsOf).map((form) => form.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
const LEAK = new RegExp(FORMS.join('|'));

/** What a text leaks of the canaries, with what stands around it; undefined where it is clean. */
export function leakIn(text: string): string | undefined {
  const found = LEAK.exec(text);
  return found ? text.slice(Math.max(0, found.index - 80), found.index + found[0].length + 20) : undefined;
}

/** Where the leaks of this process are kept: one for all copies of this file, since each test file loads its own. */
const PLACE = Symbol.for('gemini-guard.leaks');
const shared = Server.prototype as unknown as Record<symbol, string[] | undefined>;
export const leaks: string[] = shared[PLACE] ?? [];
shared[PLACE] = leaks;

/** Looks at something that leaves a guard. */
export function see(where: string, text: string): void {
  const leak = leakIn(text);
  if (leak !== undefined) leaks.push(`${where}: ...${leak}...`);
}
