import { MAX_TEXT } from './safe.ts';

/** Each pair undoes one thing that JSON in JSON, terminals, forums and browsers do to a text. In this order. */
// biome-ignore format: a table reads as a table
const UNDO: readonly (readonly [RegExp, string])[] = [
  // Escapes, however many levels of them: a run of backslashes is one, or the next lines would try it at each length.
  [/\\+/g, '\\'],
  [/\\[nrt]/g, '\n'],
  [/\\u00(?:22|27)/g, '"'],
  [/\\u00(?:3c|3e|26|3d)/gi, ' '],
  [/\\(?=["'/`<>])/g, ''],
  // Typographic quotes of forums; Markdown's backticks.
  [/[\u2018\u2019\u201a\u201b]/g, "'"],
  [/[\u201c\u201d\u201e\u201f]/g, '"'],
  [/`/g, ''],
  // Colours and box drawing of terminals.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character begins a colour.
  [/\u001b\[[\d;]{0,32}[A-Za-z]/g, ''],
  [/[\u2500-\u259f\u00a0]/g, ' '],
  // Stack frames: names of functions and files say nothing about the failure.
  [/^[ \t]{0,32}at (?:async )?[^\n]{1,400}$/gm, ''],
  [/ at (?:async )?[\w.$<>[\]]{1,80}(?: [\w.$<>[\]]{1,40}){0,2} \((?:file|node|https?|webpack|[A-Za-z]?:?[/\\])[^\n)]{0,400}\)/g, ' '],
];

const HTML = /^\s{0,64}<(?:!doctype|html|head|body|title|\?xml|center|h1)\b|<\/(?:html|body|title|head)>/i;

/** A text as a person would read it, still in its letters' own case. */
export function plain(text: string): string {
  let read = text.slice(0, MAX_TEXT);
  if (HTML.test(read)) read = withoutTags(read);
  for (const [pattern, by] of UNDO) read = read.replace(pattern, by);
  return read.replace(/\s+/g, ' ').trim();
}

export function isHtml(text: string): boolean {
  return HTML.test(text.slice(0, MAX_TEXT));
}

/** Addresses contain words such as `billing` or `streamGenerateContent`. */
const ADDRESS = /\b[a-z]{2,10}:\/\/[^\s"'<>)\]},]+/gi;
/** The names of WebSocket's close codes: "1008 (policy violation)" says nothing of content, nor "1011 (internal error)" of Google. */
const CLOSE_CODE = /\b(1\d{3}) \([a-z ]{4,40}\)/gi;

/** What the rules read: lower case, without addresses. */
export function ruleText(plainText: string): string {
  return plainText.replace(ADDRESS, ' ').replace(CLOSE_CODE, '$1').toLowerCase();
}

/** By hand: `<style>[^]*?</style>` is quadratic in unclosed `<style>`s. */
function withoutTags(html: string): string {
  const [before, ...pieces] = html.split('<');
  const out = [before];
  let hidden: string | undefined;
  for (const piece of pieces) {
    const tag = /^\/?\w{1,16}/.exec(piece)?.[0].toLowerCase();
    if (hidden !== undefined && tag !== `/${hidden}`) continue;
    hidden = tag === 'style' || tag === 'script' ? tag : undefined;
    if (hidden === undefined) out.push(piece.slice(piece.indexOf('>') + 1));
  }
  return out.join(' ').replace(/&(?:nbsp|amp|lt|gt|quot|#39|apos);/gi, ' ');
}
