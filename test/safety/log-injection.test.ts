import { format } from 'winston';
import { fault } from '../../src/testing/index.ts';
import { memoryLogger } from '../support.ts';
import { endAll, type Setting, type Stack, start, winstonLines } from './stack.ts';

afterEach(endAll);

const FORGED = 'x\r\n{"level":"info","message":"forged"}\n\u001b[31mred';
const ERROR_INFO = 'type.googleapis.com/google.rpc.ErrorInfo';
const QUOTA_FAILURE = 'type.googleapis.com/google.rpc.QuotaFailure';

/** Puts a text everywhere that Google could put one and that a log line could take one from. */
function saying(text: string): ReturnType<typeof fault.errorBody> {
  return fault.errorBody(429, 'RESOURCE_EXHAUSTED', text, [
    { '@type': ERROR_INFO, reason: text, domain: text, metadata: { model: text, consumer: text } },
    { '@type': QUOTA_FAILURE, violations: [{ quotaId: text, quotaMetric: text, quotaValue: text, description: text }] },
    { fieldViolations: [{ field: text, description: text }] },
  ]);
}

const formats: [string, NonNullable<Setting['logger']>][] = [
  ['JSON', winstonLines],
  ['simple text', (lines) => winstonLines(lines, format.simple())],
  [
    'printf',
    (lines) =>
      winstonLines(
        lines,
        format.printf(({ message, ...rest }) => `${message} ${String(rest.reason)}`),
      ),
  ],
];

describe.each(formats)('lines of winston as %s', (_name, logger) => {
  test('case 19: a line break and forged JSON in what Google says stay in one line a request', async () => {
    const stack = await start({ logger, guard: { retry: false } });
    stack.gemini.script([saying(FORGED), fault.errorBody(400, 'INVALID_ARGUMENT', FORGED)]);
    await stack.visit('/ask');
    await stack.visit('/ask');
    await stack.over(2);
    const alerts = stack.data('alert').length;
    expect(stack.lines).toHaveLength(2 + alerts);
    expect(stack.lines.join('\n')).not.toMatch(/^\{"level":"info"/m);
  });

  test('case 19: a line break in a model name, a user id, a request id and a path stay in one line', async () => {
    const stack = await start({
      logger,
      above: (app) => app.use((req, _res, next) => void next(Object.assign(req, { id: FORGED }) && undefined)),
      guard: { rateLimit: { requests: 9, key: ({ headers }) => decodeURIComponent(String(headers['x-user'])) } },
    });
    const id = encodeURIComponent(FORGED);
    const headers = { 'x-user': id, 'x-request-id': `a"b\\c\t${'d'.repeat(20)}` };
    const { json } = await stack.visit(`/ask?model=${id}`, { headers });
    expect(json).toMatchObject({ status: 400, code: 'invalid_request' });
    expect(json.requestId).toMatch(/^[\da-f-]{36}$/);
    expect((await stack.visit(`/${id}/"},{"level":"info"`, { headers })).status).toBe(404);
    await stack.over(2);
    expect(stack.lines).toHaveLength(2);
    expect(stack.lines.join('\n')).not.toContain('forged"}');
  });
});

test.each([
  ['ANSI colours', '\u001b[31m'],
  ['an OSC title', '\u001b]0;owned\u0007'],
  ['NUL', '\u0000'],
  ['a line separator', '\u2028'],
  ['a right-to-left override', '\u202e'],
  ['a C1 control', '\u009b31m'],
  ['a backspace', '\b\b\b'],
  ['a zero width space', '\u200b'],
  ['a byte order mark', '\ufeff'],
])('case 20: %s is stripped from lines, answers and events', async (_what, hostile) => {
  const stack = await start({ guard: { expose: true, retry: false } });
  const text = `QUOTA${hostile}_REASON`;
  stack.gemini.script([saying(text), fault.errorBody(400, 'INVALID_ARGUMENT', `Bad ${hostile} value`)]);
  const bodies = [await stack.visit('/ask'), await stack.visit('/ask')].map(({ body }) => body);
  await stack.over(2);
  const shown = [...bodies, ...stack.lines, JSON.stringify(stack.events)];
  for (const line of shown) {
    expect(line).not.toContain(hostile);
    expect(line).not.toContain(JSON.stringify(hostile).slice(1, -1));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be there.
    expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e]/);
    expect(line).not.toMatch(/\\u00[0189]/);
  }
});

describe('case 21: names that winston uses itself', () => {
  const details = [
    { '@type': ERROR_INFO, reason: 'message', metadata: { level: 'info', message: 'forged', timestamp: '1999' } },
    { level: 'info', message: 'forged', timestamp: '1999', stack: 'forged', splat: ['forged'] },
  ];
  const run = async (logger?: Setting['logger']): Promise<Stack> => {
    const stack = await start({ ...(logger && { logger }), guard: { expose: true } });
    stack.gemini.script(fault.errorBody(403, 'PERMISSION_DENIED', 'forged', details));
    await stack.visit('/ask');
    await stack.over();
    return stack;
  };

  test('case 21: cannot be overridden from upstream in winston', async () => {
    const { lines } = await run();
    for (const line of lines) {
      expect(line).not.toMatch(/forged|1999/);
      expect(JSON.parse(line)).toMatchObject({
        level: 'error',
        message: expect.stringMatching(/^gemini-guard /),
        timestamp: expect.stringMatching(/^2\d{3}-/),
      });
    }
    expect(lines).toHaveLength(2);
  });

  test('case 21: nor in any other logger', async () => {
    const memory = memoryLogger();
    await run(() => memory.logger);
    expect(memory.lines).toHaveLength(2);
    for (const line of memory.lines) {
      expect(line).toMatchObject({ level: 'error', message: expect.stringMatching(/^gemini-guard /) });
      expect(Object.keys(line)).not.toContain('timestamp');
    }
  });
});
