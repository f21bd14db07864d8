import { addErrorObject, addText, type Evidence, noEvidence } from '../../src/errors/evidence.ts';

const of = (error: unknown, before: Partial<Evidence> = {}): Evidence => {
  const evidence = { ...noEvidence(), ...before };
  addErrorObject(evidence, error);
  return evidence;
};
const ofText = (...texts: string[]): Evidence => {
  const evidence = noEvidence();
  for (const text of texts) addText(evidence, text);
  return evidence;
};

describe('code and status of an error object', () => {
  test.each([
    [{ code: 503 }, 503, undefined],
    [{ status: 400 }, 400, undefined],
    [{ statusCode: 503 }, 503, undefined],
    [{ code: 429, status: 'RESOURCE_EXHAUSTED' }, 429, 'RESOURCE_EXHAUSTED'],
    [{ code: 14 }, undefined, 'UNAVAILABLE'],
    [{ code: 'UNAVAILABLE', status: 'odd' }, undefined, 'UNAVAILABLE'],
    [{ code: 'UNAVAILABLE', status: 99 }, undefined, 'UNAVAILABLE'],
  ])('are what %j says', (error, status, code) => {
    expect(of(error)).toMatchObject({ wire: true, status, code });
  });

  test.each([
    {},
    { message: 'x' },
    { code: 0 },
    { code: 99 },
    { code: 200 },
    { code: 399 },
    { code: '503' },
    { code: true },
    'x',
    null,
  ])('are not said by %j', (error) =>
    expect(of(error)).toMatchObject({ wire: false, status: undefined, code: undefined }));

  test('replace those of the error around it, both', () => {
    const outer = { status: 500, code: 'INTERNAL', wire: true };
    expect(of({ code: 429 }, outer)).toMatchObject({ status: 429, code: undefined });
    expect(of({ status: 'UNAVAILABLE' }, outer)).toMatchObject({ status: 500, code: 'UNAVAILABLE' });
    expect(of({ message: 'x' }, outer)).toMatchObject(outer);
  });
});

describe('the reasons of an error object', () => {
  test('stand in four places', () => {
    const { reasons } = of({
      reason: 'a',
      errors: [{ reason: 'b' }, {}, null],
      details: [{ reason: 'c' }, { reason: 5 }, null, 'x'],
      code: 'd',
    });
    expect(reasons).toEqual(['d', 'a', 'b', 'c']);
  });

  test('are also codes that nobody knows, and those of the Interactions API', () => {
    expect(of({ code: 'SomeCode' }).reasons).toEqual(['SomeCode']);
    expect(of({ code: 'quota_exceeded' }).reasons).toEqual(['quota_exceeded']);
    expect(of({ code: 'a'.repeat(64) }).reasons).toEqual(['a'.repeat(64)]);
    for (const code of ['UNAVAILABLE', '', 'a'.repeat(65)]) expect(of({ code }).reasons).toEqual([]);
  });
});

describe('a detail', () => {
  test('may name a wait in three ways', () => {
    const details = [
      { retryDelay: '1s' },
      { metadata: { quotaResetDelay: '2s' } },
      { metadata: { retryDelay: '3s' } },
      { retryDelay: 'x' },
      {},
    ];
    expect(of({ details }).waits).toEqual([1000, 2000, 3000]);
  });

  test('may name a model, quotas and fields', () => {
    const details = [
      { metadata: { model: 'gemini-3.8-flash' } },
      { metadata: { model: 'another' } },
      { violations: [{ quotaId: 'PerDay' }] },
      { fieldViolations: [{ field: 'a.b' }, {}, { field: 5 }] },
    ];
    const { model, quotas, fields } = of({ details });
    expect([model, quotas.map(({ id }) => id), fields]).toEqual(['gemini-3.8-flash', ['PerDay'], ['a.b']]);
  });

  test('may tell more than the message', () => {
    expect(of({ details: [{ detail: 'generic::invalid\\nx' }] }, { text: 'said' }).text).toBe(
      'said generic::invalid x',
    );
    expect(of({ details: [{ detail: 5 }] }, { text: 'said' }).text).toBe('said');
  });
});

describe('a text', () => {
  test('is read as a person would, the latest first', () => {
    expect(ofText('a\\nb').text).toBe('a b');
    expect(ofText('outer', 'inner').text).toBe('inner outer');
    expect(ofText('a\\nb', 'c\\nd').said).toBe('c\\nd');
  });

  test('may name a wait and quotas', () => {
    const { waits, quotas } = ofText('Quota exceeded for metric: m. Please retry in 2s.', 'x');
    expect([waits, quotas.map(({ metric }) => metric)]).toEqual([[2000], ['m']]);
  });

  test.each([
    ['models/gemini-3.8-flash is not found', 'gemini-3.8-flash'],
    ['models/3x@001_y: no', '3x@001_y'],
    ['projects/p/models/My.Model', 'My.Model'],
    ['model gemini-2.5-flash.', 'gemini-2.5-flash'],
    ['model gemini-pro-.-.', 'gemini-pro'],
    ['GEMMA-3-27b', 'GEMMA-3-27b'],
    ['text-embedding-004 and', 'text-embedding-004'],
    ['embedding-001 and', 'embedding-001'],
    [`models/${'a'.repeat(130)}`, 'a'.repeat(128)],
    [`gemini-pro${'a'.repeat(101)}`, `gemini-pro${'a'.repeat(100)}`],
    ['a gemini-api or gemini-app, an embedding-x, my-gemini, models/-x', undefined],
  ])('may name a model: %s', (text, model) => {
    expect(ofText(text).model).toBe(model);
    expect(ofText(text, 'models/later').model).toBe(model ?? 'later');
  });
});
