import { type Leak, leaksIn } from './leaks.ts';

/** What one visitor got. */
export interface Visit {
  /** Undefined: the visitor gave up. */
  readonly status: number | undefined;
  /** What the answer is: the text asked for, the guard's JSON, a page of HTML, or nothing of these. */
  readonly kind: 'answer' | 'problem' | 'html' | 'empty' | 'gave up';
  readonly text: string;
  /** `code` of the problem. */
  readonly code: string | undefined;
  /** What the answer says to wait. */
  readonly retryAfterMs: number | undefined;
  readonly leaks: readonly Leak[];
  readonly ms: number;
}

/** Asks a server of the demo, over real HTTP, for as long as a visitor would wait. */
export async function visit(url: string, question: string, patienceMs: number): Promise<Visit> {
  const begun = performance.now();
  const told = { text: '', code: undefined, retryAfterMs: undefined, leaks: [] };
  try {
    const response = await fetch(`${url}/ask`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ question }),
      signal: AbortSignal.timeout(patienceMs),
    });
    const body = await response.text();
    const headers = [...response.headers].map(([name, value]) => `${name}: ${value}`).join('\n');
    const ms = performance.now() - begun;
    return { ...told, ...read(response, body), status: response.status, leaks: leaksIn(`${headers}\n${body}`), ms };
  } catch {
    return { ...told, kind: 'gave up', status: undefined, ms: performance.now() - begun };
  }
}

function read(response: Response, body: string): Pick<Visit, 'kind'> & Partial<Visit> {
  const type = response.headers.get('content-type') ?? '';
  if (type.includes('html')) return { kind: 'html' };
  const { text, code, retryAfterMs } = JSON.parse(body) as Partial<Visit>;
  if (!response.ok) return { kind: 'problem', code, retryAfterMs };
  return text ? { kind: 'answer', text } : { kind: 'empty' };
}
