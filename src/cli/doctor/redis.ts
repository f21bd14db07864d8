import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type Check, failed, ok, skipped, type Visit } from './check.ts';

/** Redis' own protocol by hand: four lines, and no client to install. */
export async function redisCheck({ env, timeoutMs }: Visit): Promise<Check> {
  const name = 'redis';
  if (!env.REDIS_URL) return skipped(name, 'REDIS_URL is not set.');
  const url = URL.canParse(env.REDIS_URL) ? new URL(env.REDIS_URL) : undefined;
  if (url === undefined || !/^rediss?:$/.test(url.protocol) || url.hostname === '') {
    return failed(name, 'REDIS_URL is no address of redis: or rediss:.', 'Set it to redis://host:6379.');
  }
  const begun = performance.now();
  const reply = await ask(url, timeoutMs);
  const where = `${url.hostname}:${url.port || 6379}`;
  if (reply === 'PONG') return ok(name, `${where} answers PING.`, performance.now() - begun);
  const cure = CURES.find(([pattern]) => pattern.test(reply))?.[1] ?? 'Look at the log of Redis.';
  return failed(name, `${where} does not answer PING (${reply}).`, cure);
}

const CURES: readonly (readonly [RegExp, string])[] = [
  [/^NOAUTH/, 'Put the password into REDIS_URL: redis://:password@host:6379.'],
  [/^(?:WRONGPASS|ERR)/, 'Correct user and password in REDIS_URL.'],
  [/^LOADING/, 'Wait: Redis is reading its data.'],
  [/^no Redis/, 'Check host and port: something else answers there, or it wants TLS (rediss:).'],
  [/./, 'Check host, port and firewall, and whether Redis runs.'],
];

/** `PONG`, the first word of an error, or the code of the network. */
async function ask(url: URL, timeoutMs: number): Promise<string> {
  const [host, port] = [url.hostname.replace(/^\[|\]$/g, ''), Number(url.port || 6379)];
  const socket: Socket =
    url.protocol === 'rediss:' ? connectTls({ host, port, servername: host }) : connect({ host, port });
  try {
    return await new Promise<string>((resolve) => {
      let heard = '';
      socket.setTimeout(timeoutMs, () => resolve('ETIMEDOUT'));
      socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'no code'));
      socket.once('close', () => resolve('it closes the connection'));
      socket.on('data', (chunk: Buffer) => {
        heard = `${heard}${chunk.toString('latin1')}`.slice(0, 4096);
        const verdict = verdictOf(heard);
        if (verdict !== undefined) resolve(verdict);
      });
      socket.write(greeting(url));
    });
  } finally {
    socket.destroy();
  }
}

function greeting({ username, password }: URL): string {
  const credentials = [username, password].filter((word) => word !== '').map(decodeURIComponent);
  return `${password === '' ? '' : command('AUTH', ...credentials)}${command('PING')}`;
}

function command(...words: string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;
}

/** Undefined until there is enough. Of an error only its first word: the rest may repeat what was sent. */
function verdictOf(heard: string): string | undefined {
  if (!/^[+-]/.test(heard)) return 'no Redis answers there';
  const lines = heard.split('\r\n').slice(0, -1);
  const error = lines.find((line) => line.startsWith('-'));
  if (error !== undefined) return /^-([A-Z]{2,20})\b/.exec(error)?.[1] ?? 'an error';
  return lines.includes('+PONG') ? 'PONG' : undefined;
}
