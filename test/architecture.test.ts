import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

const ROOT = join(__dirname, '..');
const SRC = join(ROOT, 'src');
const PAGE = readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8');

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => /(?<!\.d)\.ts$/.test(file))
  .sort();
const source = new Map(files.map((file) => [file, readFileSync(join(SRC, file), 'utf8')]));

/** From the bottom to the top: a file imports from its own layer and from those before it. */
const LAYERS: readonly (readonly string[])[] = [
  [
    'errors/',
    'clock.ts',
    'options.ts',
    'bounded-map.ts',
    'places.ts',
    'remove.ts',
    'shared.ts',
    'in-flight.ts',
    'unheard.ts',
    'many-listeners.ts',
    'pacific.ts',
    'api-key.ts',
    'load.ts',
    'node.ts',
  ],
  ['observe/events.ts', 'observe/alert.ts', 'observe/usage.ts'],
  ['call.ts', 'policy.ts', 'part.ts', 'store/store.ts'],
  ['observe/'],
  ['scope.ts'],
  ['store/'],
  ['policies/'],
  ['http/', 'upstream/'],
  ['guard-status.ts', 'insight.ts', 'core.ts', 'run.ts'],
  ['guard-options.ts', 'guard.ts'],
  ['index.ts'],
  ['register.ts', 'status/'],
  ['testing/', 'frontend/', 'cli/'],
];

/** Tables, which may be long. */
const TABLES = ['errors/kinds.ts', 'errors/texts.ts'];
/** Cycles of types alone, which vanish when compiled: the list may only shrink. */
const TYPE_CYCLES = [
  ['errors/gemini-error.ts', 'errors/problem.ts'],
  ['testing/good-answers.ts', 'testing/interactions.ts'],
];

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

const imports: Import[] = files.flatMap((from) =>
  [...text(from).matchAll(/^(?:import|export) (type )?([^;']*?) ?from '([^']+)';/gm)].map(
    ([, type, names = '', to = '']) => ({
      from,
      to: to.startsWith('.') ? posix.join(posix.dirname(from), to) : to,
      typeOnly: type !== undefined || onlyTypes(names),
    }),
  ),
);
const inner = imports.filter(({ to }) => source.has(to));

function text(file: string): string {
  return source.get(file) as string;
}

/** `{ type A, type B }` */
function onlyTypes(names: string): boolean {
  const [, listed] = /^\{([^}]*)\}$/.exec(names.trim()) ?? [];
  return listed?.split(',').every((name) => /^(?:type .*)?$/.test(name.trim())) ?? false;
}

function layerOf(file: string): number {
  // The longest match: observe/events.ts is not with the rest of observe/.
  const exact = LAYERS.findIndex((layer) => layer.includes(file));
  return exact >= 0
    ? exact
    : LAYERS.findIndex((layer) => layer.some((name) => name.endsWith('/') && inside(file, name)));
}

function inside(file: string, folder: string): boolean {
  return file.startsWith(folder);
}

/** The code without its comments. */
function code(file: string): string {
  return text(file)
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(^|\s)\/\/.*$/gm, '$1');
}

/** Groups of files that import each other in a circle. */
function cycles(edges: readonly Import[]): string[][] {
  const reach = new Map(files.map((file) => [file, reachable(file, edges)]));
  const rings = files.map((file) =>
    files.filter((other) => reach.get(file)?.has(other) && reach.get(other)?.has(file)),
  );
  return [...new Set(rings.filter((ring) => ring.length > 0).map((ring) => ring.join()))].map((ring) =>
    ring.split(','),
  );
}

function reachable(start: string, edges: readonly Import[]): Set<string> {
  const seen = new Set<string>();
  const open = [start];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    for (const { from, to } of edges) {
      if (from !== file || seen.has(to)) continue;
      seen.add(to);
      open.push(to);
    }
  }
  return seen;
}

describe('ARCHITECTURE.md', () => {
  it('lists every file of src/ once, and no other', () => {
    let folder = '';
    const listed: string[] = [];
    for (const line of PAGE.split('\n')) {
      const [, name = ''] = /^\| `([\w./-]+)` \|/.exec(line) ?? [];
      if (name.endsWith('/')) folder = name.replace(/^src\//, '');
      else if (name) listed.push(folder + name);
    }
    expect(listed.sort()).toEqual(files);
  });

  it('names the layers that this test holds', () => {
    const shown = [...PAGE.matchAll(/^(\d+)\. (.*)$/gm)].map(([, , line = '']) =>
      [...line.matchAll(/`([^`]+)`/g)].map(([, name]) => name),
    );
    const held = LAYERS.map((layer) => layer.filter((name) => !/^(?:testing|frontend)\/$/.test(name)));
    expect(shown).toEqual(held);
  });
});

describe('imports', () => {
  it('are understood, all of them', () => {
    const written = (file: string): number => code(file).match(/\bfrom '|^import '|\bimport\('\./gm)?.length ?? 0;
    const found = (file: string): number => imports.filter(({ from }) => from === file).length;
    expect(files.filter((file) => written(file) !== found(file))).toEqual([]);
    expect(imports.filter(({ to }) => to.endsWith('.ts') && !source.has(to))).toEqual([]);
  });

  it('run one way', () => {
    expect(files.filter((file) => layerOf(file) < 0)).toEqual([]);
    expect(inner.filter(({ from, to }) => layerOf(to) > layerOf(from))).toEqual([]);
  });

  it('do not join the two doors', () => {
    const across = ({ from, to }: Import): boolean =>
      (inside(from, 'http/') && inside(to, 'upstream/')) || (inside(from, 'upstream/') && inside(to, 'http/'));
    expect(inner.filter(across)).toEqual([]);
  });

  it('leave the fake apart', () => {
    expect(inner.filter(({ from, to }) => inside(from, 'testing/') && !inside(to, 'testing/'))).toEqual([]);
    const users = inner.filter(({ from, to }) => inside(to, 'testing/') && !inside(from, 'testing/'));
    expect(users.filter(({ from }) => !inside(from, 'cli/'))).toEqual([]);
    expect(inner.filter(({ from, to }) => inside(to, 'cli/') && !inside(from, 'cli/'))).toEqual([]);
  });

  it('leave the browser apart, which knows the server by types alone', () => {
    const across = inner.filter(({ from, to }) => inside(from, 'frontend/') !== inside(to, 'frontend/'));
    expect(across.filter(({ from, typeOnly }) => !typeOnly || !inside(from, 'frontend/'))).toEqual([]);
    const outer = imports.filter(({ from, to }) => inside(from, 'frontend/') && !source.has(to));
    expect(outer.map(({ from, to }) => [from, to])).toEqual([['frontend/react.ts', 'react']]);
  });

  it('make no circle', () => {
    expect(cycles(inner.filter(({ typeOnly }) => !typeOnly))).toEqual([]);
  });

  it('make no new circle of types', () => {
    const known = TYPE_CYCLES.map((cycle) => cycle.join());
    expect(cycles(inner).filter((cycle) => !known.includes(cycle.join()))).toEqual([]);
  });

  it('name the SDK and the frameworks as types only: both are loaded when asked for', () => {
    const peers = imports.filter(({ to }) => /^(?:@google\/genai|express|koa)$/.test(to));
    expect(peers.filter(({ typeOnly }) => !typeOnly)).toEqual([]);
  });

  it('end in .ts where they are relative', () => {
    expect(imports.filter(({ to }) => to.startsWith('.') && !to.endsWith('.ts'))).toEqual([]);
  });
});

describe('sources', () => {
  it.each(files.filter((file) => !TABLES.includes(file)))('%s is short', (file) => {
    expect(text(file).trimEnd().split('\n').length).toBeLessThanOrEqual(200);
  });

  it('are ASCII', () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the range of ASCII
    const other = /[^\x00-\x7f]/;
    expect(files.filter((file) => other.test(text(file)))).toEqual([]);
  });

  it.each([
    ['console', /\bconsole\s*[.[]\s*['\w]+\]?\(/, ['cli/']],
    [
      'the wall clock',
      /\bDate\.now\b|new Date\(\)/,
      ['clock.ts', 'testing/', 'cli/', 'errors/understand.ts', 'frontend/retry-after.ts'],
    ],
    ['randomness', /\bMath\.random\b/, ['core.ts', 'testing/', 'cli/', 'frontend/guard-fetch.ts']],
    ['timers', /(?<![.\w])(?:setTimeout|setInterval)\(/, ['clock.ts', 'testing/', 'cli/', 'frontend/pause.ts']],
    ['signals that leak', /\bAbortSignal\.(?:any|timeout)\b/, ['testing/', 'cli/']],
    ['import.meta', /\bimport\.meta\b/, []],
  ])('use %s only where they may', (_, pattern, allowed) => {
    const users = files.filter((file) => pattern.test(code(file)));
    expect(users.filter((file) => !allowed.some((place) => inside(file, place)))).toEqual([]);
  });
});
