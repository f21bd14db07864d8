import type { GoogleGenAI } from '@google/genai';
import { geminiGuard } from '../../src/index.ts';
import { CANARY_KEY, frameworks, listen, quickGuard, sdks } from '../support.ts';
import { Canary } from './canary.ts';
import { refusalOf } from './refusal.ts';
import { Visitor } from './visitor.ts';

const genai1 = require('genai-1') as { GoogleGenAI: typeof GoogleGenAI };

let canary: Canary;

beforeEach(() => {
  canary = new Canary();
});
afterEach(() => canary.check());

const refusal = (run: () => unknown): string => refusalOf(canary, run);

describe('keys and clients', () => {
  const before = { ...process.env };
  const names = ['GEMINI_API_KEY', 'GOOGLE_API_KEY', 'GOOGLE_GENAI_USE_VERTEXAI'];

  beforeEach(() => {
    for (const name of names) delete process.env[name];
  });
  afterEach(() => {
    for (const name of names) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  });

  test.each(['\n', '\r\n', ' ', '\t', '\u00a0', '\u200b'])('two keys joined by %j are refused by position', (joint) => {
    const two = CANARY_KEY + joint + CANARY_KEY;
    const expected = `character ${CANARY_KEY.length + 1} of ${two.length}`;
    expect(refusal(() => quickGuard().client({ apiKey: two }))).toMatch(/`apiKey` must \w+ one key/);
    process.env.GEMINI_API_KEY = two;
    const message = refusal(() => quickGuard().client());
    expect(message).toContain('`GEMINI_API_KEY`');
    expect(message).toContain(expected);
  });

  test('a missing key is said with the name of its variable', () => {
    expect(refusal(() => quickGuard().client())).toContain('GEMINI_API_KEY');
    expect(refusal(() => quickGuard().client({ apiKey: '' }))).toContain('`apiKey`');
  });

  test('a client too old for the seam is refused, with the cure', () => {
    const old = new genai1.GoogleGenAI({ apiKey: CANARY_KEY });
    const message = refusal(() => quickGuard({ ai: old }));
    expect(message).toContain('`ai`');
    expect(message).toContain('2.23');
    expect(message).toContain('npm install @google/genai@latest');
  });

  test.each(sdks)('a client of %s is taken', (_name, sdk) => {
    expect(() => quickGuard({ ai: new sdk.GoogleGenAI({ apiKey: CANARY_KEY }) })).not.toThrow();
  });
});

test.each(frameworks)('`app.use(geminiGuard)` without the call gets its own sentence in %s', async (_name, express) => {
  const app = express();
  app.use(geminiGuard as never);
  const said: unknown[] = [];
  app.use((error: unknown, _req: unknown, res: { end(): void }, _next: unknown) => {
    said.push(error);
    res.end();
  });
  const { url, close } = await listen(app);
  await new Visitor(url, '/').answer();
  await close();
  expect(said).toMatchObject([{ name: 'TypeError', message: expect.stringContaining('`app.use(geminiGuard())`') }]);
});
