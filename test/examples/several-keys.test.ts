import { type FakeGemini, fakeGemini, fault } from '../../src/testing/index.ts';
import { type Example, startExample } from './example.ts';

const KEYS = { KEY_A: 'secret-of-the-shop', KEY_B: 'secret-of-the-blog' };

let gemini: FakeGemini;
let example: Example;

beforeEach(async () => {
  gemini = await fakeGemini({
    keys: [
      { key: KEYS.KEY_A, project: 'shop' },
      { key: KEYS.KEY_B, project: 'blog' },
    ],
    limits: { 'gemini-3.8-flash': { rpd: 2 } },
  });
  const { GEMINI_API_KEY: _none, ...env } = gemini.env();
  example = await startExample('several-keys-failover', { ...env, ...KEYS });
});

afterEach(async () => {
  expect(example.log()).not.toMatch(/secret-of/);
  await example.stop();
  await gemini.close();
});

const states = async (): Promise<unknown[]> => {
  const keys = (await (await fetch(`${example.url}/keys`)).json()) as { label: string; state: string }[];
  return keys.map(({ label, state }) => `${label} ${state}`);
};

test('one project after the other is used up, then a smaller model answers', async () => {
  const models: string[] = [];
  for (let i = 0; i < 5; i++) {
    const response = await example.ask();
    expect(response.status).toBe(200);
    models.push(((await response.json()) as { model: string }).model);
  }
  expect(models).toEqual([...Array(4).fill('gemini-3.8-flash'), 'gemini-3.5-flash-lite']);
  expect(await states()).toEqual(['shop resting', 'blog resting']);
  expect(gemini.calls.filter(({ status }) => status === 429)).toHaveLength(2);
  expect(example.log()).toContain('model gemini-3.8-flash -> gemini-3.5-flash-lite: switched');
});

test('a key that Google refuses is taken out, and the other project answers', async () => {
  gemini.always(fault.suspended(), { key: KEYS.KEY_A });
  for (let i = 0; i < 2; i++) expect((await example.ask()).status).toBe(200);
  while (!(await states()).includes('shop benched')) expect((await example.ask()).status).toBe(200);
  expect(example.log()).toContain('key shop: benched (account_suspended)');
  expect(gemini.calls.filter(({ status }) => status === 403)).toHaveLength(1);
});
