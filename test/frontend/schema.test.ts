import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import express from 'express';
import { toProblem } from '../../src/frontend/index.ts';
import { CODES, GeminiError, KINDS, type Kind } from '../../src/index.ts';
import { type FakeGemini, fakeGemini, fault } from '../../src/testing/index.ts';
import { ensureBuilt, ROOT, run } from '../cli/built.ts';
import { clientOf, listen, MODEL, quickGuard } from '../support.ts';

const FILES = ['problem.schema.json', 'openapi.json'];
const read = (...path: string[]): string => readFileSync(join(ROOT, ...path), 'utf8');
const schema = JSON.parse(read('schema', 'problem.schema.json'));
const openapi = JSON.parse(read('schema', 'openapi.json'));
const isValid = new Ajv2020({ allErrors: true }).compile(schema);

/** What ajv says against a body; a member that the schema does not know counts too. */
function faults(body: Record<string, unknown>): unknown[] {
  isValid(body);
  return [...(isValid.errors ?? []), ...Object.keys(body).filter((name) => !(name in schema.properties))];
}

test('making them again gives the same bytes', async () => {
  await ensureBuilt();
  const folder = join(ROOT, '.cache/schema');
  mkdirSync(folder, { recursive: true });
  const { code, stderr } = await run(['scripts/schema.mjs', folder]);
  expect([code, stderr]).toEqual([0, '']);
  for (const file of FILES) expect(readFileSync(join(folder, file), 'utf8')).toBe(read('schema', file));
  rmSync(folder, { recursive: true });
});

test('they know the codes, kinds and sources that there are', () => {
  expect(schema.properties.code.enum).toEqual(Object.keys(CODES));
  expect(schema.properties.kind.enum).toEqual(Object.keys(KINDS));
  expect(new Set(schema.properties.source.enum)).toEqual(new Set(Object.values(KINDS).map(({ source }) => source)));
});

test('the component of OpenAPI is the schema', () => {
  const { $schema, $id, ...problem } = schema;
  expect([$schema, $id]).toEqual([
    'https://json-schema.org/draft/2020-12/schema',
    'urn:gemini-guard:problem.schema.json',
  ]);
  expect(openapi.openapi).toMatch(/^3\.1\./);
  expect(openapi.components.schemas.Problem).toEqual(problem);
  for (const { schema: reference } of Object.values<{ schema: object }>(openapi.components.responses.Problem.content))
    expect(reference).toEqual({ $ref: '#/components/schemas/Problem' });
});

describe.each([false, true])('real answers are valid (expose: %p)', (expose) => {
  let gemini: FakeGemini;
  let url: string;
  const open: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    gemini = await fakeGemini();
    const guard = quickGuard({ expose, quota: false });
    const ai = clientOf(guard, gemini.url);
    const app = express().use(guard);
    app.get('/ask', async (_req, res) => {
      res.send((await ai.models.generateContent({ model: MODEL, contents: 'Why?' })).text);
    });
    app.get('/thrown/:kind', ({ params }) => {
      throw new GeminiError(params.kind as Kind);
    });
    const { url: at, close } = await listen(app);
    url = at;
    open.push(
      close,
      () => guard.close({ graceMs: 0 }),
      () => gemini.close(),
    );
  });
  afterAll(async () => {
    for (const close of open) await close();
  });

  it.each([
    ['a minute', fault.quotaPerMinute({ retryDelay: '31s' })],
    ['a day', fault.quotaPerDay()],
    ['no capacity', fault.overloaded()],
    ['a page', fault.htmlPage()],
    ['a deadline', fault.deadline()],
    ['a dead key', fault.apiKeyInvalid()],
    ['a bad request', fault.invalidArgument('Invalid value at contents[0]', 'contents[0].parts')],
    ['too much', fault.contextTooLong()],
    ['a blocked prompt', fault.blockedPrompt()],
    ['a reset', fault.reset()],
  ])('for %s', async (_, wrong) => {
    gemini.always(wrong);
    const body = await (await fetch(`${url}/ask`)).json();
    expect(faults(body)).toEqual([]);
    expect('upstream' in body).toBe(expose);
  });

  it('for every kind', async () => {
    for (const kind of Object.keys(KINDS)) {
      const body = await (await fetch(`${url}/thrown/${kind}`)).json();
      expect([kind, faults(body)]).toEqual([kind, []]);
    }
  });
});

test('what the browser makes of anything is valid too; what is no problem is not', () => {
  for (const value of ['<html>', new TypeError('Failed to fetch'), { status: 404 }, null])
    expect(faults(JSON.parse(JSON.stringify(toProblem(value))))).toEqual([]);
  const problem = JSON.parse(JSON.stringify(toProblem(null)));
  for (const wrong of [{ code: 'later' }, { status: 200 }, { retryAfterMs: -1 }, { retryable: 'no' }, { source: 'x' }])
    expect(faults({ ...problem, ...wrong })).not.toEqual([]);
  expect(faults({})).not.toEqual([]);
});
