/** An answer, for whichever framework sends it. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Nobody keeps it, frames it, guesses its type, or hears where it was read. */
const ALWAYS = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'X-Robots-Tag': 'noindex',
};
const NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export function text(status: number, body: string, headers: Record<string, string> = {}): Reply {
  const type = 'text/plain; charset=utf-8';
  return { status, headers: { ...ALWAYS, 'Content-Security-Policy': NOTHING, 'Content-Type': type, ...headers }, body };
}

export function json(body: unknown): Reply {
  return text(200, JSON.stringify(body), { 'Content-Type': 'application/json; charset=utf-8' });
}

/** @param nonce what the page's own script and style carry, and nothing else could */
export function html(body: string, nonce: string, more: Record<string, string> = {}): Reply {
  const own = `script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}'; connect-src 'self'; img-src data:`;
  const headers = {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy': `${NOTHING}; ${own}`,
    ...more,
  };
  return text(200, body, headers);
}

export const NOT_FOUND: Reply = text(404, 'Not Found\n');
