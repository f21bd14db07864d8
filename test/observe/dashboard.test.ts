import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import express from 'express';
import { Registry } from 'prom-client';
import { METRICS, type MetricName } from '../../src/observe/metric-names.ts';
import { answer, fakeGemini, fault } from '../../src/testing/index.ts';
import { clientOf, listen, ManualClock, MODEL, quickGuard, skipWaits } from '../support.ts';

interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets: readonly { readonly expr: string }[] }[];
  readonly templating: { readonly list: readonly { readonly type: string; readonly query: string }[] };
}

const DASHBOARD = JSON.parse(readFileSync(join(__dirname, '../../docs/grafana-dashboard.json'), 'utf8')) as Dashboard;
const queries = [
  ...DASHBOARD.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
  ...DASHBOARD.templating.list.filter(({ type }) => type === 'query').map(({ query }) => query),
];

/** Labels of each metric, as a registry tells them of a guard to which all has happened. */
const told = new Map<string, Set<string>>();

beforeAll(async () => {
  const clock = new ManualClock();
  const metrics = new Registry();
  const gemini = await fakeGemini();
  const guard = quickGuard({
    clock,
    metrics,
    rateLimit: { requests: 1, enforce: false },
    failover: { models: ['gemini-3.5-flash-lite'] },
    tokenLimit: { maxInputTokens: 500 },
    quota: { limits: { [MODEL]: { rpm: 100 } } },
  });
  skipWaits(guard, clock);
  const ai = clientOf(guard, gemini.url);
  const ask = (model = MODEL, contents = 'a') => ai.models.generateContent({ model, contents });
  const app = express();
  app.use(guard);
  app.get('/', async (_req, res) => {
    for await (const _ of await ai.models.generateContentStream({ model: MODEL, contents: 'a' }));
    res.json({});
    await ask(MODEL, 'too long '.repeat(1000));
  });
  gemini.script([fault.overloaded(), answer('a')]);
  const { url, close } = await listen(app);
  for (let i = 0; i < 2; i++) await (await fetch(url)).text();
  await close();
  // Not for the countTokens of a prompt that is too long.
  const only = { method: 'generateContent' };
  gemini.script([fault.modelNotFound(), answer('b'), fault.quotaPerMinute({ retryDelay: '1s' }), answer('c')], only);
  await guard.run(() => ask());
  await guard.run(() => ask('our-own-model'));
  await guard.run(() => ask());
  gemini.script(fault.apiKeyInvalid(), only);
  await guard.run(() => ask()).catch(() => {});
  for (const line of (await metrics.metrics()).split('\n')) {
    const [, name, labels = ''] = /^(gemini_guard_\w+)(?:\{(.*)\})? /.exec(line) ?? [];
    if (name) told.set(name, new Set([...labels.matchAll(/(\w+)="/g)].map(([, label]) => label as string)));
  }
  await guard.close();
  await gemini.close();
});

/** `name{label="x"}` by metric and what stands in braces. */
function selectors(query: string): [string, string][] {
  return [...query.matchAll(/(gemini_guard_\w+)(?:\{([^}]*)\})?/g)].map(([, name = '', inside = '']) => [name, inside]);
}

test.each(queries)('%s asks for what there is', (query) => {
  const asked = selectors(query);
  expect(asked.length).toBeGreaterThan(0);
  for (const [name, inside] of asked) {
    const labels = [...(told.get(name) ?? [])];
    expect({ name, told: told.has(name) }).toEqual({ name, told: true });
    const used = [...inside.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label]) => label);
    const grouped = [...query.matchAll(/\b(?:by|ignoring) \(([^)]*)\)/g)].flatMap(([, list = '']) =>
      list.split(/,\s*/),
    );
    const variable = /label_values\(\w+, (\w+)\)/.exec(query)?.[1];
    for (const label of [...used, ...grouped, ...(variable ? [variable] : [])]) expect(labels).toContain(label);
  }
});

test('every metric has its place on the dashboard', () => {
  const shown = queries.flatMap(selectors).map(([name]) => name.replace(/_(?:bucket|sum|count)$/, ''));
  expect([...new Set(shown)].sort()).toEqual((Object.keys(METRICS) as MetricName[]).sort());
});
