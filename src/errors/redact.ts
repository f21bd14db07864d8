const MASK = '[redacted]';

/** A secret shorter than this is a word that texts contain by chance. */
const MIN_SECRET = 8;

/**
 * What is secret by its form. Each pattern is bounded or has no second quantifier over the same characters, so a hostile
 * text costs linear time; each keeps the name in front, so that a log still says what was taken out. A secret begins at the
 * beginning of a word, or behind a letter that a URL has encoded.
 */
// biome-ignore format: a table reads as a table
const FORMS: readonly (readonly [RegExp, string])[] = [
  // Whose project and from which address: no secrets, but nobody else's business. First, since what follows a name that looks
  // like a key's would be taken for one, and leave the number behind it.
  [/((?<=\b|%[\da-f]{2})projects?(?:\/|%2f|[ _]?(?:number|id)?\s{0,2}(?:[:=#]|\bnumber\b)?\s{0,2}#?))\d{6,20}\b/gi, `$1${MASK}`],
  [/(\bproject_number(?:\\{0,15}["'])?\s{0,2}[:=]\s{0,2}(?:\\{0,15}["'])?)\d{4,20}/gi, `$1${MASK}`],
  [/(\bcaller_?ip\\{0,15}["']?\s{0,4}(?:=>|[:=])\s{0,4}\\{0,15}["']?)[\da-f.:]{3,45}/gi, `$1${MASK}`],
  [/(\boriginating ip address of the call \()[\da-f.:]{3,45}/gi, `$1${MASK}`],
  // Whole PEM blocks, also cut off, also with JSON-escaped line ends.
  [/-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[^-]*(?:-----END [A-Z ]{0,40}PRIVATE KEY-----)?/g, MASK],
  // Google's own forms: API keys (old and new), OAuth access and refresh tokens, client secrets.
  [/AIza[\w*-]{10,}/g, MASK],
  [/(?<=\b|%[\dA-Fa-f]{2})AQ\.[\w*-]{10,}/g, MASK],
  [/(?<=\b|%[\dA-Fa-f]{2})ya29\.[\w.*-]+/g, MASK],
  [/(?<=\b|%[\dA-Fa-f]{2})1\/\/0[\w-]{20,}/g, MASK],
  [/(?<=\b|%[\dA-Fa-f]{2})GOCSPX-[\w-]{10,}/g, MASK],
  // Signed tokens of any issuer.
  [/(?<=\b|%[\dA-Fa-f]{2})eyJ[\w-]{10,}\.[\w-]{10,}(?:\.[\w-]*)?/g, MASK],
  // Headers and fields that hold a key, in any syntax; JSON in JSON in JSON has seven backslashes before a quote.
  [/(x-goog-api-key\\{0,15}["']?\s{0,4}(?:=>|[:=,])\s{0,4}(?:\[(?!redacted))?\\{0,15}["']?)(?!\[)[^\s"'`<>)\]}\\,]{1,4096}/gi, `$1${MASK}`],
  [/(\b(?:api[_-]?key|private_key|client_secret)\\{0,15}["']?\s{0,4}(?:=>|[:=]|%3d)\s{0,4}\\{0,15}["']?)(?!\[redacted\])[^\s"'`<>)\]}\\,]{8,4096}/gi, `$1${MASK}`],
  [/((?:access_|refresh_|id_)token\\{0,15}["']?\s{0,4}(?:=|:|%3d)\s{0,4}\\{0,15}["']?)(?!\[redacted\])[^\s&"'`<>)\]}\\,]{6,4096}/gi, `$1${MASK}`],
  // `?key=...`, `&key=...` and their URL-encoded forms; Go and Rust clients print the address with the key.
  [/((?:[?&]|%3f|%26|\b)(?:api_?)?key(?:=|%3d))(?!\[redacted\])[^\s&"'`<>)\]}\\%]{1,4096}/gi, `$1${MASK}`],
  // Last, since whatever follows is taken for the token, be it the name of another header; the word twice is a common slip.
  [/(?<=\b|%[\da-f]{2})(Bearer|Basic)((?:\s|%20|\+){1,4})(?!(?:Bearer|Basic)(?:\s|%20|\+))[\w.~+/=*-]{6,}/gi, `$1$2${MASK}`],
];

/** What was taken out can show that its neighbour is a secret too, as in `callerIp: 10.0.0.1ya29.abc`. */
const ROUNDS_MOST = 5;

/**
 * A text without keys, tokens, project numbers and callers' addresses: first each of `secrets` in whatever form it may
 * have been echoed, then all that looks like one. Doing it twice changes nothing.
 */
export function redact(text: string, secrets: readonly string[] = []): string {
  let safe = text;
  for (const secret of secrets) {
    if (secret.length < MIN_SECRET || MASK.includes(secret)) continue;
    for (const form of formsOf(secret)) safe = safe.replaceAll(form, MASK);
  }
  for (let round = 0; round < ROUNDS_MOST; round++) {
    const before = safe;
    for (const [pattern, mask] of FORMS) safe = safe.replace(pattern, mask);
    if (safe === before) return safe;
  }
  // Nobody writes so by chance: what else would come to light is not worth finding out.
  return MASK;
}

/** Raw, URL-encoded, JSON-escaped and base64, the last at each of its three alignments: a header value may be `user:key`. */
function formsOf(secret: string): readonly string[] {
  const once = escaped(secret);
  // JSON in JSON in JSON: a message that quotes a body is escaped once more each time.
  const forms = new Set([secret, encodeUri(secret), once, escaped(once), escaped(escaped(once))]);
  const bytes = new TextEncoder().encode(secret);
  forms.add(btoa(String.fromCharCode(...bytes)));
  for (let skip = 0; skip < 3; skip++) {
    const length = bytes.length - skip - ((bytes.length - skip) % 3);
    const core = btoa(String.fromCharCode(...bytes.subarray(skip, skip + length)));
    forms.add(core);
    forms.add(core.replaceAll('+', '-').replaceAll('/', '_'));
  }
  // The longest first: a form that another one contains would leave the rest of it standing.
  return [...forms].sort((a, b) => b.length - a.length);
}

function escaped(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function encodeUri(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    // A lone surrogate has no UTF-8 form, so nobody can have sent it in a URL.
    return text;
  }
}

// Escape sequences go as a whole: of `ESC[31m` the `[31m` would stay otherwise. OSC ends with BEL or ST; both are bounded.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this removes.
const OSC = /(?:\u001b\]|\u009d)[^\u0007\u001b\u009c]{0,2048}(?:\u0007|\u001b\\|\u009c)?/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this removes.
const CSI = /(?:\u001b\[|\u009b)[\d;:<=>?]{0,64}[ -/]{0,8}[@-~]?|\u001b[@-Z\\^_]?/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this removes.
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;
/** Characters that change how a line reads without being seen: bidi overrides and isolates, marks, zero widths, BOM. */
const INVISIBLE = /[\u061c\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/g;

/** A text as one line that a terminal, a log and a header can hold: no control or bidi characters, at most `max` long. */
export function clean(text: string, max = 2048): string {
  const line = text
    .slice(0, max * 4)
    .replace(OSC, '')
    .replace(CSI, '')
    .replace(INVISIBLE, '')
    .replace(CONTROLS, ' ')
    .trim();
  // Never half of a surrogate pair at the end, nor a blank. By hand: a pattern for it is quadratic in lone halves.
  let end = Math.min(max, line.length);
  while (/[\s\ud800-\udbff]/.test(line.charAt(end - 1))) end--;
  return line.slice(0, end);
}
