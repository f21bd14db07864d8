import type { VisitorRequest } from '../part.ts';

export type Leaf = 'page' | 'data' | 'metrics' | 'nothing';

/** What a request asks for of the page. */
export interface Place {
  readonly leaf: Leaf;
  /** Where the page is, as the browser sees it: without a slash at its end. */
  readonly root: string;
}

const LEAVES: Readonly<Record<string, Leaf>> = { '': 'page', '/': 'page', '/data': 'data', '/metrics': 'metrics' };

/**
 * Undefined where the request is none of ours. Express, connect and koa-mount take off the path that something is mounted at;
 * Koa itself and `node:http` know no mounting, and there it is the option `path`.
 */
export function placeOf(
  { url = '/', originalUrl = url }: Pick<VisitorRequest, 'url' | 'originalUrl'>,
  path: string,
): Place | undefined {
  const [seen, whole] = [pathOf(url), pathOf(originalUrl)];
  const isOurs = seen === path || seen.startsWith(`${path}/`);
  if (isOurs) return at(seen.slice(path.length), whole);
  return whole === seen ? undefined : at(seen, whole);
}

function at(rest: string, whole: string): Place {
  // Never two slashes in front: a browser would take what follows for a host.
  const root = whole.slice(0, whole.endsWith(rest) ? whole.length - rest.length : whole.length).replace(/^\/+/, '/');
  return { leaf: LEAVES[rest] ?? 'nothing', root: root.replace(/\/$/, '') };
}

function pathOf(url: string): string {
  return (url.split('?', 1)[0] as string).replace(/^https?:\/\/[^/]*/i, '');
}
