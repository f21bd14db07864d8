import type { PageData } from './page-data.ts';
import { template } from './template.ts';

/** What the page shows before it has asked for the rest. */
type First = Pick<PageData, 'at' | 'headline' | 'source' | 'tiles' | 'foot'>;

/** The page as HTML. @param nonce what lets its own script and style run, and no others */
export function render(nonce: string, { at, headline, source, tiles, foot }: PageData): string {
  const first: First = { at, headline, source, tiles, foot };
  const parts: Record<string, string> = {
    nonce,
    tone: headline.tone,
    text: escaped(headline.text),
    more: escaped(headline.more),
    // Nothing in it can end the element that it stands in.
    data: JSON.stringify(first).replaceAll('<', '\\u003c'),
  };
  return template().replace(/%%(nonce|tone|text|more|data)%%/g, (_, name: string) => parts[name] as string);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
