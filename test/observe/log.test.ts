import { Writable } from 'node:stream';
import pino from 'pino';
import winston from 'winston';
import Transport from 'winston-transport';
import { systemClock } from '../../src/clock.ts';
import type { AnswerEvent } from '../../src/observe/events.ts';
import { logPart } from '../../src/observe/log.ts';
import { memoryLogger } from '../support.ts';

const answer: AnswerEvent = {
  startedAt: '2026-11-24T12:00:00.000Z',
  requestId: 'request-1',
  route: 'POST /ask',
  code: 'ok',
  status: 200,
  model: 'm',
  attempts: 1,
  waitsMs: [],
  tokens: { input: 1, output: 2, cached: 0, thoughts: 0, tools: 0 },
  durationMs: 5,
  upstreamMs: 4,
};

function sink(): { lines: string[]; stream: Writable } {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(...String(chunk).split('\n').filter(Boolean));
      done();
    },
  });
  return { lines, stream };
}

const winstonTo = (stream: Writable): winston.Logger =>
  winston.createLogger({ format: winston.format.json(), transports: [new winston.transports.Stream({ stream })] });

const tell = (part: ReturnType<typeof logPart>, overrides: Partial<AnswerEvent> = {}): void =>
  part.observe?.('answer', { ...answer, ...overrides });

test('winston gets the message first, pino the record first, console one line of JSON', () => {
  const expected = expect.objectContaining({ requestId: 'request-1', route: 'POST /ask', tokens: answer.tokens });
  const w = sink();
  tell(logPart(winstonTo(w.stream)));
  expect(JSON.parse(w.lines[0] as string)).toEqual(expected);
  expect(JSON.parse(w.lines[0] as string)).toMatchObject({ level: 'info', message: 'gemini-guard request' });
  const p = sink();
  tell(logPart(pino(p.stream)));
  expect(JSON.parse(p.lines[0] as string)).toEqual(expected);
  expect(JSON.parse(p.lines[0] as string)).toMatchObject({ msg: 'gemini-guard request' });
  const lines: unknown[] = [];
  const write = (line: unknown) => lines.push(line);
  tell(logPart({ info: write, warn: write, error: write, table: write } as never));
  expect(JSON.parse(lines[0] as string)).toMatchObject({ level: 'info', message: 'gemini-guard request', status: 200 });
});

test.each<[string, Partial<AnswerEvent>, string]>([
  ['a good answer', {}, 'info'],
  ['one that had to wait', { waitsMs: [5] }, 'warn'],
  ['one that had to be repeated', { attempts: 2 }, 'warn'],
  ['a refused visitor', { status: 429, code: 'rate_limited' }, 'warn'],
  ['a visitor who left', { status: 499, code: 'client_closed' }, 'info'],
  ['nobody could help', { status: 503, code: 'overloaded' }, 'error'],
  ['a stream that broke', { status: 200, code: 'overloaded' }, 'error'],
])('%s is told as %j at the right level', (_what, overrides, level) => {
  const { lines, logger } = memoryLogger();
  tell(logPart(logger), overrides);
  expect(lines).toMatchObject([{ level }]);
});

test('what somebody has to act on has a line of its own', () => {
  const { lines, logger } = memoryLogger();
  const part = logPart(logger);
  const alert = { severity: 'critical', state: 'firing', summary: 's', at: 't', model: 'm', key: 'k' } as const;
  part.observe?.('alert', { ...alert, name: 'quota_exhausted', cause: 'c', cure: 'd' });
  part.observe?.('alert', { ...alert, name: 'burn_rate_slow', severity: 'warning', cause: 'c', cure: 'd' });
  part.observe?.('alert', { ...alert, name: 'burn_rate_slow', state: 'resolved', cause: 'c', cure: 'd' });
  // Circuits and Redis have lines of their own.
  part.observe?.('alert', { ...alert, name: 'circuit_opened', cause: 'c', cure: 'd' });
  part.observe?.('alert', { ...alert, name: 'redis_lost', cause: 'c', cure: 'd' });
  const circuit = { requestId: 'r', host: 'h', model: 'm', waitMs: 5 };
  for (const state of ['open', 'waited', 'rejected', 'closed'] as const)
    part.observe?.('circuit', { ...circuit, state });
  part.observe?.('warning', { code: 'GG_X', message: 'something' });
  part.observe?.('retry', { requestId: 'r', model: 'm', attempt: 1, kind: 'rate_limited', waitMs: 5 });
  expect(lines.map(({ level, message }) => `${level} ${message}`)).toEqual([
    'error gemini-guard alert: quota_exhausted',
    'warn gemini-guard alert: burn_rate_slow',
    'info gemini-guard alert resolved: burn_rate_slow',
    'error gemini-guard circuit open',
    'info gemini-guard circuit closed',
    'warn gemini-guard GG_X: something',
  ]);
});

test('a logger that throws, rejects or has stalled is counted and never noticed', async () => {
  const throwing = logPart({
    info() {
      throw new Error('disk full');
    },
    warn() {},
    error() {},
  });
  tell(throwing);
  expect(throwing.status?.(systemClock)).toEqual({ dropped: 1 });
  const rejecting = logPart({
    info: async () => {
      throw new Error('disk full');
    },
    warn() {},
    error() {},
  });
  tell(rejecting);
  await Promise.resolve();
  expect(rejecting.status?.(systemClock)).toEqual({ dropped: 1 });
});

test.each<[string, () => winston.Logger]>([
  ['the stream behind a transport', () => winstonTo(new Writable({ highWaterMark: 1, write() {} }))],
  ['a transport', () => winston.createLogger({ transports: [Object.assign(new Transport(), { log() {} })] })],
])('lines that pile up in %s are dropped and counted', async (_where, make) => {
  const stalled = logPart(make());
  for (let i = 0; i < 8000; i++) tell(stalled);
  const { dropped } = stalled.status?.(systemClock) as { dropped: number };
  expect(dropped).toBeGreaterThan(1000);
});

test('names from outside stay on one line and cannot pose as fields of the logger', () => {
  const { lines, stream } = sink();
  const part = logPart(winstonTo(stream));
  tell(part, { model: 'm\n{"level":"error"}', route: `POST /${'x'.repeat(500)}`, reason: '\u001b[31mred' });
  expect(lines).toHaveLength(1);
  const line = JSON.parse(lines[0] as string);
  expect(line.level).toBe('info');
  expect(line.model).not.toContain('\n');
  expect(line.route.length).toBeLessThanOrEqual(201);
  expect(line.reason).not.toContain('\u001b');
});

describe('winston as its users have set it up', () => {
  test('keeps the level: a line below it is not written', () => {
    const { lines, stream } = sink();
    const logger = winston.createLogger({ level: 'warn', transports: [new winston.transports.Stream({ stream })] });
    const part = logPart(logger);
    tell(part);
    tell(part, { status: 503, code: 'overloaded' });
    expect(lines.map((line) => JSON.parse(line).level)).toEqual(['error']);
  });

  test('levels of its own, without ours, are no logger', () => {
    const logger = winston.createLogger({ levels: { fatal: 0, note: 1 }, transports: [] });
    expect(() => logPart(logger as never)).toThrow(/^log: expected a logger with info, warn and error/);
  });

  test('the levels of syslog, which say `warning`, will do', () => {
    const { lines, stream } = sink();
    const logger = winston.createLogger({
      levels: winston.config.syslog.levels,
      transports: [new winston.transports.Stream({ stream })],
    });
    const part = logPart(logger);
    tell(part, { attempts: 2 });
    expect(lines.map((line) => JSON.parse(line).level)).toEqual(['warning']);
  });

  test('a child adds its fields to each line, and its own format holds', () => {
    const { lines, stream } = sink();
    const { combine, label, printf } = winston.format;
    const logger = winston.createLogger({
      format: combine(
        label({ label: 'shop' }),
        printf((info) => `${info.label} ${info.level} ${info.service}: ${info.message} ${info.status}`),
      ),
      transports: [new winston.transports.Stream({ stream })],
    });
    tell(logPart(logger.child({ service: 'ask', requestId: 'of the child' })));
    expect(lines).toEqual(['shop info ask: gemini-guard request 200']);
  });

  test('what a line says of its request wins over a field of the child with that name', () => {
    const { lines, stream } = sink();
    tell(logPart(winstonTo(stream).child({ requestId: 'of the child', service: 'ask' })));
    expect(JSON.parse(lines[0] as string)).toMatchObject({ requestId: 'request-1', service: 'ask' });
  });

  test.each<[string, winston.Logform.Format]>([
    ['simple', winston.format.simple()],
    ['colours', winston.format.combine(winston.format.colorize({ all: true }), winston.format.simple())],
    ['pretty print', winston.format.prettyPrint()],
    ['splat', winston.format.combine(winston.format.splat(), winston.format.json())],
    ['errors', winston.format.combine(winston.format.errors({ stack: true }), winston.format.json())],
    ['logstash', winston.format.logstash()],
  ])('the format %s shows message and numbers', (_name, format) => {
    const { lines, stream } = sink();
    tell(logPart(winston.createLogger({ format, transports: [new winston.transports.Stream({ stream })] })), {
      status: 503,
      code: 'overloaded',
      reason: '100%d %s',
    });
    const text = lines.join('\n');
    expect(text).toContain('gemini-guard request');
    expect(text).toContain('503');
    expect(text).toContain('100%d %s');
  });
});

describe('pino as its users have set it up', () => {
  test('keeps the level, the fields of a child and its redaction', () => {
    const { lines, stream } = sink();
    const logger = pino({ level: 'warn', redact: ['caller'] }, stream).child({ service: 'ask' });
    const part = logPart(logger);
    tell(part);
    tell(part, { status: 503, code: 'overloaded', caller: 'some-hash' });
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({
        level: 50,
        service: 'ask',
        caller: '[Redacted]',
        msg: 'gemini-guard request',
        status: 503,
      }),
    ]);
  });

  test('a message key of its own is kept', () => {
    const { lines, stream } = sink();
    tell(logPart(pino({ messageKey: 'message' }, stream)));
    expect(JSON.parse(lines[0] as string)).toMatchObject({ message: 'gemini-guard request', status: 200 });
  });
});

test('the console of this process is told by its method, and gets one line of JSON', () => {
  const spies = (['info', 'warn', 'error'] as const).map((level) =>
    jest.spyOn(console, level).mockImplementation(() => {}),
  );
  const part = logPart(console);
  tell(part);
  tell(part, { attempts: 2 });
  tell(part, { status: 503, code: 'overloaded' });
  const printed = spies.map((spy) => spy.mock.calls.map(([line]) => JSON.parse(String(line)).level));
  for (const spy of spies) spy.mockRestore();
  expect(printed).toEqual([['info'], ['warn'], ['error']]);
});

test('what is no logger is refused', () => {
  expect(() => logPart({ info() {} } as never)).toThrow(
    'log: expected a logger with info, warn and error (winston, pino or console), or false.',
  );
});

test('without a logger it writes JSON lines to the console by winston, those of ten milliseconds at once', async () => {
  // Jest puts a console of its own in the place of Node's; winston writes to whichever stream that one has.
  const { _stdout } = console as unknown as { _stdout?: Writable };
  const printed = _stdout ? jest.spyOn(_stdout, 'write') : jest.spyOn(console, 'log');
  printed.mockImplementation(() => true);
  const part = logPart();
  tell(part);
  tell(part, { requestId: 'request-2' });
  expect(printed).not.toHaveBeenCalled();
  while (printed.mock.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  const [[text] = ['']] = printed.mock.calls as [string][];
  expect(printed).toHaveBeenCalledTimes(1);
  tell(part, { requestId: 'request-3' });
  part.close?.();
  expect(printed).toHaveBeenCalledTimes(2);
  printed.mockRestore();
  const [line, next] = text.split('\n').map((one) => one && JSON.parse(one));
  expect(next).toMatchObject({ requestId: 'request-2' });
  expect(line).toMatchObject({ level: 'info', message: 'gemini-guard request', requestId: 'request-1' });
  expect(Date.parse(line.timestamp)).toBeGreaterThan(0);
});
