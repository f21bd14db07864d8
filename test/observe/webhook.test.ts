import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingHttpHeaders, RequestListener, Server } from 'node:http';
import { createServer as createTcp, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { type AlertEvent, type Webhook, type WebhookOptions, webhook } from '../../src/index.ts';
import { listen, ManualClock } from '../support.ts';

const SECRET = 'a secret of the shop';
const ALERT: AlertEvent = {
  name: 'quota_exhausted',
  severity: 'critical',
  state: 'firing',
  summary: 'The day quota of m is used up for the API key shop.',
  at: '2026-11-24T12:00:00.000Z',
  kind: 'quota_exhausted',
  model: 'm',
  key: 'shop',
  cause: 'A day quota is used up.',
  cure: 'Raise the tier.',
};

interface Received {
  headers: IncomingHttpHeaders;
  body: string;
}

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A receiver that answers these statuses, and then 204. */
async function receiver(...statuses: number[]) {
  const received: Received[] = [];
  const { url, server } = await listening((req, res) => {
    let body = '';
    req.on('data', (chunk) => (body += chunk));
    req.on('end', () => {
      received.push({ headers: req.headers, body });
      res.writeHead(statuses.shift() ?? 204, { location: '/elsewhere' }).end();
    });
  });
  return { url: `${url}/T000/secret-path`, server, received };
}

async function listening(handler: RequestListener) {
  const { url, server, close } = await listen(handler);
  ends.push(close);
  return { url, server };
}

function made(options: Partial<WebhookOptions> & { url: string }, clock = new ManualClock()): Webhook {
  const hook = webhook(options, clock);
  ends.push(() => hook.close());
  return hook;
}

/** Waits between two tries pass as soon as they begin. */
async function hurried(told: Promise<boolean>, clock: ManualClock): Promise<boolean> {
  let result: boolean | undefined;
  told.then((value) => {
    result = value;
  });
  while (result === undefined) {
    await new Promise((resolve) => setImmediate(resolve));
    // One second is the wait between two tries, five the limit of one.
    clock.advance(1);
  }
  return result;
}

/** As a receiver does it, from the documentation alone. */
function isGenuine({ headers, body }: Received, secret: string | Buffer): boolean {
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
  const expected = Buffer.from(`v1,${createHmac('sha256', secret).update(signed).digest('base64')}`);
  const given = Buffer.from(String(headers['webhook-signature']));
  return given.length === expected.length && timingSafeEqual(given, expected);
}

test('an alert arrives as JSON, signed with its id and its time', async () => {
  const clock = new ManualClock(Date.UTC(2026, 10, 24, 12));
  const { url, received } = await receiver();
  const hook = made({ url, secret: SECRET }, clock);
  expect(await hook(ALERT)).toBe(true);
  const [one] = received as [Received];
  expect(JSON.parse(one.body)).toEqual({ type: 'gemini_guard.alert', timestamp: ALERT.at, data: ALERT });
  expect(one.headers).toMatchObject({
    'content-type': 'application/json',
    'webhook-id': expect.stringMatching(/^msg_[\da-f-]{36}$/),
    'webhook-timestamp': String(Date.UTC(2026, 10, 24, 12) / 1000),
  });
  expect(isGenuine(one, SECRET)).toBe(true);
  expect(isGenuine(one, 'another secret!!')).toBe(false);
  expect(isGenuine({ ...one, body: one.body.replace('shop', 'blog') }, SECRET)).toBe(false);
  expect(isGenuine({ ...one, headers: { ...one.headers, 'webhook-timestamp': '1' } }, SECRET)).toBe(false);
  expect(hook.status()).toEqual({ delivered: 1, failed: 0, dropped: 0, waiting: 0 });
});

test('a secret of Standard Webhooks is base64 behind its prefix', async () => {
  const { url, received } = await receiver();
  const bytes = Buffer.from('0123456789abcdef01234567');
  expect(await made({ url, secret: `whsec_${bytes.toString('base64')}` })(ALERT)).toBe(true);
  expect(isGenuine(received[0] as Received, bytes)).toBe(true);
});

test('the vector of the Standard Webhooks specification', async () => {
  const { signed } = await import('../../src/observe/webhook-signature.ts');
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  expect(signed(secret, 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1614265330, '{"test": 2432232314}')).toEqual({
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  });
});

describe('for Slack', () => {
  test('it is one text, and nothing is signed without a secret', async () => {
    const { url, received } = await receiver();
    await made({ url, format: 'slack' })({ ...ALERT, failed: 12, requests: 50 });
    expect(JSON.parse((received[0] as Received).body)).toEqual({
      text: `[critical] ${ALERT.summary} 12 of 50.\nCause: ${ALERT.cause}\nCure: ${ALERT.cure}`,
    });
    expect(received[0]?.headers).not.toHaveProperty('webhook-signature');
  });

  test('what is over is one sentence, and a name can call nobody', async () => {
    const { url, received } = await receiver();
    await made({ url, format: 'slack' })({
      ...ALERT,
      state: 'resolved',
      summary: 'Calls of <!channel> & <@U1> succeed.',
    });
    expect(JSON.parse((received[0] as Received).body)).toEqual({
      text: '[resolved] Calls of &lt;!channel&gt; &amp; &lt;@U1&gt; succeed.',
    });
  });
});

test.each([[500], [503], [429]])('a receiver that answers %i once gets the same alert again', async (status) => {
  const { url, received } = await receiver(status);
  const clock = new ManualClock();
  const hook = made({ url, secret: SECRET, timeoutMs: 60_000 }, clock);
  expect(await hurried(hook(ALERT), clock)).toBe(true);
  expect(received).toHaveLength(2);
  expect(received[0]?.headers['webhook-id']).toBe(received[1]?.headers['webhook-id']);
  expect(hook.status()).toEqual({ delivered: 1, failed: 0, dropped: 0, waiting: 0 });
});

test('one that answers 500 twice has failed, and the next alert goes out all the same', async () => {
  const { url, received } = await receiver(500, 500);
  const clock = new ManualClock();
  const hook = made({ url, timeoutMs: 60_000 }, clock);
  const told = Promise.all([hook(ALERT), hook({ ...ALERT, model: 'second' })]);
  expect(await hurried(told as never, clock)).toEqual([false, true]);
  expect(received).toHaveLength(3);
  expect(hook.status()).toEqual({ delivered: 1, failed: 1, dropped: 0, waiting: 0, lastFailure: 'HTTP 500' });
});

test.each([301, 302, 307, 308, 400, 401, 404])('%i is final: not followed, not repeated', async (status) => {
  const { url, received } = await receiver(status);
  const hook = made({ url });
  expect(await hook(ALERT)).toBe(false);
  expect(received).toHaveLength(1);
  expect(hook.status()).toMatchObject({ delivered: 0, failed: 1, lastFailure: `HTTP ${status}` });
});

test('a dead receiver is tried twice', async () => {
  const { url, server } = await receiver();
  server.close();
  await once(server, 'close');
  const clock = new ManualClock();
  const hook = made({ url, timeoutMs: 60_000 }, clock);
  expect(await hurried(hook(ALERT), clock)).toBe(false);
  expect(hook.status()).toMatchObject({ failed: 1, lastFailure: 'ECONNREFUSED' });
});

test.each<[string, (socket: Socket) => void]>([
  ['hangs up', (socket) => socket.destroy()],
  ['speaks no HTTP', (socket) => socket.end('SSH-2.0-OpenSSH\r\n')],
])('a receiver that %s has failed', async (_what, answer) => {
  const server = await tcp(answer);
  const clock = new ManualClock();
  const hook = made({ url: server.url, timeoutMs: 60_000 }, clock);
  expect(await hurried(hook(ALERT), clock)).toBe(false);
  expect(hook.status()).toMatchObject({ failed: 1, waiting: 0, lastFailure: expect.stringMatching(/^[\w-]+$/) });
});

test('one that sends without end is left once its status is known', async () => {
  const server = await tcp((socket) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    const more = (): void => void (socket.writable && socket.write('x'.repeat(65_536), more));
    more();
  });
  expect(await made({ url: server.url })(ALERT)).toBe(true);
  await server.isEmpty();
});

test('a slow receiver is left when its time is up, twice, and no socket stays', async () => {
  const server = await tcp(() => {});
  const clock = new ManualClock();
  const hook = made({ url: server.url, timeoutMs: 50 }, clock);
  expect(await hurried(hook(ALERT), clock)).toBe(false);
  expect(hook.status()).toEqual({ delivered: 0, failed: 1, dropped: 0, waiting: 0, lastFailure: 'timeout' });
  expect(server.connections).toBe(2);
  await server.isEmpty();
  expect(clock.pending).toBe(0);
});

test('more than a hundred that wait are dropped and counted', async () => {
  const { url } = await listening(() => {});
  const hook = made({ url });
  const told = Array.from({ length: 150 }, () => hook(ALERT));
  expect(hook.status()).toEqual({ delivered: 0, failed: 0, dropped: 50, waiting: 100 });
  expect(await told[149]).toBe(false);
  await hook.close();
  expect(await Promise.all(told)).toEqual(Array.from({ length: 150 }, () => false));
  expect(hook.status()).toEqual({ delivered: 0, failed: 0, dropped: 150, waiting: 0 });
});

test('closing aborts what is under way at once, leaves no socket, and takes nothing more', async () => {
  const server = await tcp(() => {});
  const clock = new ManualClock();
  const hook = made({ url: server.url }, clock);
  const told = [hook(ALERT), hook(ALERT)];
  await server.isConnected();
  await hook.close();
  expect(await Promise.all(told)).toEqual([false, false]);
  await server.isEmpty();
  expect(server.connections).toBe(1);
  expect(clock.pending).toBe(0);
  expect(await hook(ALERT)).toBe(false);
  expect(hook.status()).toEqual({ delivered: 0, failed: 0, dropped: 3, waiting: 0 });
});

test('closing ends the wait between two tries', async () => {
  const { url, received } = await receiver(500);
  const clock = new ManualClock();
  const hook = made({ url }, clock);
  const told = hook(ALERT);
  while (received.length === 0 || clock.pending !== 1) await new Promise((resolve) => setImmediate(resolve));
  await hook.close();
  expect(await told).toBe(false);
  expect(clock.pending).toBe(0);
});

test('nothing shows the address or the secret', async () => {
  const { url } = await receiver(404);
  const hook = made({ url, secret: SECRET });
  await hook(ALERT);
  const shown = [inspect(hook, { showHidden: true, depth: 9 }), JSON.stringify(hook.status()), String(hook)].join();
  expect(shown).not.toMatch(/secret-path|127\.0\.0\.1|of the shop/);
});

test.each([
  [{}, /^webhook: `url` must be an address with http: or https:, without user and password; got nothing\.$/],
  [{ url: 'hooks.slack.com/x' }, /`url` must be an address/],
  [{ url: 'ftp://hooks.test/x' }, /`url` must be an address/],
  [{ url: 'https://me:hidden@hooks.test/x' }, /`url` must be an address/],
  [{ url: 'https://h.test', secret: 'short' }, /`secret` must be a string of at least 16 characters; got a string\.$/],
  [{ url: 'https://h.test', format: 'teams' }, /`format` must be 'json' or 'slack'; got a string\.$/],
  [{ url: 'https://h.test', timeoutMs: 0 }, /`timeoutMs` must be a duration/],
  [{ url: 'https://h.test', timeout: 5 }, /`timeout` is not an option\. Did you mean `timeoutMs`\?/],
])('%j is refused by its name, and its value is not repeated', (options, expected) => {
  const refused = (): unknown => webhook(options as never);
  expect(refused).toThrow(expected);
  expect(refused).not.toThrow(/hooks|hidden|short|teams/);
});

/** A server that knows TCP alone. */
async function tcp(answer: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server: Server = createTcp((socket) => {
    connections++;
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
    socket.once('data', () => answer(socket));
  }).listen(0, '127.0.0.1') as Server;
  await once(server, 'listening');
  ends.push(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  const until = async (done: () => boolean): Promise<void> => {
    while (!done()) await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}/hook`,
    get connections() {
      return connections;
    },
    isConnected: () => until(() => sockets.size > 0),
    isEmpty: () => until(() => sockets.size === 0),
  };
}
