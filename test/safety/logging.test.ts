import { createWriteStream, existsSync } from 'node:fs';
import { Writable } from 'node:stream';
import { createLogger, format, type Logger, transports } from 'winston';
import Transport from 'winston-transport';
import { endAll, type Stack, start } from './stack.ts';

afterEach(endAll);

const loggerOf = (transport: Transport): Logger => createLogger({ format: format.json(), transports: [transport] });

/** A transport that does this with each line. */
const doing = (log: (info: unknown, next: (error?: Error) => void) => void): Transport =>
  Object.assign(new Transport(), { log });

const dropped = ({ guard }: Stack): number => (guard.status().parts.log as { dropped: number }).dropped;

const turns = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
};

const FULL = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });

/** How a transport of winston fails. Each reaches the logger in a way of its own. */
const FAILING: [string, () => Transport][] = [
  [
    'throws',
    () =>
      doing(() => {
        throw FULL;
      }),
  ],
  ['hands on an error', () => doing((_info, next) => next(FULL))],
  [
    'tells an error and goes on',
    () => {
      const transport: Transport = doing((_info, next) => {
        transport.emit('error', FULL);
        next();
      });
      return transport;
    },
  ],
  [
    'fails later',
    () => {
      const transport: Transport = doing((_info, next) => {
        next();
        setImmediate(() => transport.emit('error', FULL));
      });
      return transport;
    },
  ],
  [
    'writes to a stream that throws',
    () =>
      new transports.Stream({
        stream: Object.assign(new Writable(), {
          write: () => {
            throw FULL;
          },
        }),
      }),
  ],
];

test.each(
  FAILING,
)('case 60: a winston transport that %s changes no answer, and its lines are counted', async (_how, make) => {
  const stack = await start({ logger: () => loggerOf(make()) });
  for (let i = 0; i < 5; i++) {
    expect((await stack.visit('/ask')).status).toBe(200);
    await stack.over(i + 1);
    await turns();
  }
  expect(dropped(stack)).toBeGreaterThan(0);
});

test('case 60: a full disk changes no answer', async () => {
  // Where there is no such device, the error is the same by another way.
  const filename = '/dev/full';
  const stream = existsSync(filename)
    ? createWriteStream(filename)
    : new Writable({ write: (_chunk, _encoding, done) => done(FULL) });
  // A stream of the app's own is the app's to listen to, as in winston's manual.
  const errors: unknown[] = [];
  stream.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code));
  const stack = await start({ logger: () => loggerOf(new transports.Stream({ stream })) });
  for (let i = 0; i < 5; i++) expect((await stack.visit('/ask')).status).toBe(200);
  await stack.over(5);
  while (errors.length === 0) await turns();
  expect(errors).toContain('ENOSPC');
});

test('case 60: a transport that stalls holds a bounded number of lines, and the rest is counted', async () => {
  const stalled = doing(() => {});
  const logger = loggerOf(stalled);
  const stack = await start({ logger: () => logger, guard: { alerts: false } });
  for (let i = 0; i < 20; i++) expect((await stack.visit('/ask')).status).toBe(200);
  // Quicker than three thousand visits: the same event by the same way.
  for (let i = 0; i < 3000; i++) stack.guard.run(() => i).catch(() => {});
  await stack.over(3000);
  const held = logger.writableLength + logger.readableLength + stalled.writableLength;
  expect(held).toBeLessThan(2100);
  expect(dropped(stack)).toBeGreaterThan(900);
  expect((await stack.visit('/ask')).status).toBe(200);
});

test('case 60: a guard that has closed listens to its logger no more', async () => {
  const logger = loggerOf(doing((_info, next) => next()));
  const before = logger.listenerCount('error');
  const stack = await start({ logger: () => logger.child({ component: 'shop' }) });
  expect(logger.listenerCount('error')).toBe(before + 1);
  await stack.guard.close();
  expect(logger.listenerCount('error')).toBe(before);
});
