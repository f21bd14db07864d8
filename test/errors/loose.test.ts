import { type Evidence, noEvidence } from '../../src/errors/evidence.ts';
import { addLoose, finishIn } from '../../src/errors/loose.ts';

const of = (words: string, before: Partial<Evidence> = {}): Evidence => {
  const evidence = { ...noEvidence(), ...before };
  addLoose(evidence, words);
  return evidence;
};

describe('the status in a text', () => {
  test.each([
    // A field counts most, then what stands in brackets.
    ...['"code":503', "'code' : 503", "'code'  =>  503", '"Code"=503', "'code'    :    503"].map(
      (field) => `HTTP 400 ${field}`,
    ),
    ...['[503]', '[503 Service Unavailable]', "[503 It's down-x]"].map((status) => `HTTP 400 ${status}`),
    // Then what stands behind a word.
    ...['http 503', 'HTTP/503', 'httpstatus 503', 'http_status: 503', 'http error 503', 'httpcode=503'],
    ...['status 503', 'status: 503', 'statuscode=503', 'status_code=503', 'status code: 503', '"status": 503'],
    ...['error 503', 'errorcode=503', 'error_code: 503', 'error code 503', 'api error 503', 'code 503'],
    ...['failed with 503', 'responded with status 503', 'response code 503', 'got http 503', 'returned 503'],
    ...['server error 503', 'client error: 503', 'error code of 503', "code'] =>503"].map((words) => `the ${words}`),
    // At the very beginning, before its own phrase, or behind the name of a class.
    ...['503 x', '(503) x', '[[" 503 x'],
    ...['x 503 MY_OWN_CODE', 'x 503 Service Unavailable', 'x 503 None', 'x 503 UNAVAILABLE'],
    ...['ApiError: 503', 'SomeException: 503'],
  ])('%s', (words) => {
    expect(of(words)).toMatchObject({ status: 503, wire: true });
  });

  test.each([
    ...[
      'it took 503 ms',
      'a503 x',
      'x 503 UNKNOWNS',
      'code 5034',
      'code 303',
      'a [503 x]',
      'xcode 503',
      'the port is 503',
      '((((( 503',
    ],
  ])('is none in: %s', (words) => {
    expect(of(words)).toMatchObject({ status: undefined, wire: false });
  });

  test.each([
    ['SomeException - Not Found', 404],
    ['x: Forbidden.', 403],
    ['Unauthorized...', 401],
    ['Not Found', 404],
    ['x - Not Found here', undefined],
    ['x - Not Foundling', undefined],
    ['x Not Found', undefined],
    ['x - Not Found!!!!', undefined],
    [`${'x'.repeat(100)}: Forbidden`, 403],
    ['HTTP 503: Forbidden', 503],
  ])('is what is left of a phrase: %s', (words, status) => {
    expect(of(words).status).toBe(status);
  });
});

describe('the code in a text', () => {
  test.each([
    ['x UNAVAILABLE y', 'UNAVAILABLE'],
    ['x RESOURCE_EXHAUSTED y', 'RESOURCE_EXHAUSTED'],
    ['google.api_core.exceptions.ResourceExhausted: x', 'RESOURCE_EXHAUSTED'],
    ['PermissionDenied', 'PERMISSION_DENIED'],
    ['SOMETHING, then INTERNAL', 'INTERNAL'],
    [`${'x'.repeat(16_372)} UNAVAILABLE`, 'UNAVAILABLE'],
  ])('is the first canonical one', (words, code) => {
    expect(of(words)).toMatchObject({ code, status: undefined, wire: true });
  });

  test('is none further away, and none in other words', () => {
    for (const words of [`${'x'.repeat(16_384)} UNAVAILABLE`, 'SOMETHING', 'unavailable', 'NOTUNAVAILABLE']) {
      expect(of(words)).toMatchObject({ code: undefined, wire: false });
    }
  });
});

describe('the reasons in a text', () => {
  test.each([
    ...[
      'reason: MY_REASON',
      'reason:MY_REASON',
      "'reason': 'MY_REASON'",
      'reason => "MY_REASON"',
      'reason  =  MY_REASON',
    ],
    ...['reason    :    MY_REASON x'],
  ])('stand behind their field: %s', (words) => {
    expect(of(words).reasons).toEqual(['MY_REASON']);
  });

  test.each(['A_B', 'M_1', 'A1_B2', 'LONG_REASON_12', `A_${'B'.repeat(62)}`])('have the form of %s', (reason) => {
    expect(of(`reason: ${reason}`).reasons).toEqual([reason]);
  });

  test.each([
    'MY',
    'myreason',
    'Ab_C',
    'ab_c',
    '_A_B',
    '1A_B',
    'A_',
    'MY_reason',
    `A_${'B'.repeat(63)}`,
  ])('not that of %s', (word) => {
    expect(of(`reason: ${word}`).reasons).toEqual([]);
  });

  test('that everybody knows stand anywhere', () => {
    expect(of('x (API_KEY_INVALID) OTHER_WORD').reasons).toEqual(['API_KEY_INVALID']);
    expect(of('xreason: MY_REASON').reasons).toEqual([]);
  });

  test('are not read without end', () => {
    expect(of('reason: MY_REASON '.repeat(40)).reasons).toHaveLength(17);
    expect(of('API_KEY_INVALID '.repeat(40)).reasons).toHaveLength(33);
  });
});

describe('a text about what was said on the wire', () => {
  const wire = { wire: true, status: 500, code: 'INTERNAL' };

  test('changes nothing', () => {
    expect(of('HTTP 503 UNAVAILABLE, reason: MY_REASON', wire)).toMatchObject({ ...wire, reasons: [] });
  });

  test.each([
    "{'error': {",
    '"error" => {',
    'error={',
    'ERROR: {',
    'error    =    {',
  ])('unless a whole error stands in it: %s', (error) =>
    expect(of(`x ${error}'code': 503 UNAVAILABLE`, wire)).toMatchObject({ status: 503, code: 'UNAVAILABLE' }));

  test('replaces only what it names', () => {
    expect(of("{'error': {'code': 503", wire)).toMatchObject({ status: 503, code: 'INTERNAL' });
    expect(of("{'error': {'status': 'UNAVAILABLE'", wire)).toMatchObject({ status: 500, code: 'UNAVAILABLE' });
  });

  test.each(['error {', 'errors: {', 'error: [', 'error     = {', 'error =     {'])('%s is no error', (words) => {
    expect(of(`x ${words}'code': 503`, wire)).toMatchObject({ status: 500 });
  });
});

describe('the finishReason in a text', () => {
  test.each([
    ['finishReason: STOP', 'STOP'],
    ['finish_reason STOP', 'STOP'],
    ['"finishReason" => "STOP"', 'STOP'],
    ["the finish_reason was 'MAX_TOKENS'", 'MAX_TOKENS'],
    ["finish_reason=<FinishReason.SAFETY: 'SAFETY'>", 'SAFETY'],
    ['finish_reason: Candidate.FinishReason.RECITATION', 'RECITATION'],
    ['finish_reason: protos.FinishReason.OTHER', 'OTHER'],
    ['finish reason of the LANGUAGE: none', undefined],
    ['finish_reason: 2', 'MAX_TOKENS'],
    ['finish_reason: 11', 'IMAGE_SAFETY'],
    ['[finish_reason](https://ai.google.dev/api/generate-content#finishreason) is 2. The', 'MAX_TOKENS'],
    [`[finish_reason](${'x'.repeat(200)}) is 2`, 'MAX_TOKENS'],
    ['it was stopped: PROHIBITED_CONTENT', 'PROHIBITED_CONTENT'],
    ['STOP or SAFETY', 'SAFETY'],
    ['LENGTH, LANGUAGE, OTHER, STOP, NOTHING', undefined],
    [`${'x'.repeat(16_377)} SAFETY`, 'SAFETY'],
    [`${'x'.repeat(16_384)} SAFETY`, undefined],
  ])('%s: %s', (words, name) => {
    expect(finishIn(words)).toBe(name);
  });
});
