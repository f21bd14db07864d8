import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Kind } from '../errors/kinds.ts';
import { load } from '../load.ts';

const MANIFEST = 'gemini-guard/package.json';

export function version(): string {
  return (load(MANIFEST) as { version: string }).version;
}

/** The page on errors that this package brings along, at the section of a kind: it needs no network and fits the version. */
export function link(kind: Kind): string {
  // Where a bundler or a test runner is the loader, it resolves nothing.
  const manifest = (load as Partial<NodeJS.Require>).resolve?.(MANIFEST);
  const page =
    manifest === undefined ? 'docs/errors.md' : pathToFileURL(join(dirname(manifest), 'docs/errors.md')).href;
  return `${page}#${kind}`;
}
