import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A real redis-server on a port of its own. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  /** Sends one command past all clients, and gives the raw answer. */
  command(...words: string[]): Promise<string>;
  /** SIGSTOP: it is there and does not answer. */
  pause(): void;
  resume(): void;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Starts it again on the same port, with nothing in it unless it has saved. */
  start(): Promise<void>;
  close(): Promise<void>;
}

export async function redisServer(...options: string[]): Promise<RedisServer> {
  const port = await freePort();
  const dir = mkdtempSync(join(tmpdir(), 'gemini-guard-redis-'));
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    const settings = [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--save',
      '',
      '--dir',
      dir,
      '--loglevel',
      'warning',
    ];
    child = spawn('redis-server', [...settings, ...options], { stdio: 'ignore' });
    child.once('error', () => {});
    for (let i = 0; ; i++) {
      if (await command('PING').catch(() => '')) return;
      if (i > 100) throw new Error('redis-server does not start: is it installed? See scripts/ensure-redis.mjs.');
      await sleep(50);
    }
  }
  const command = (...words: string[]): Promise<string> => commandAt(port, words);
  async function kill(): Promise<void> {
    const dying = child;
    child = undefined;
    if (!dying || dying.exitCode !== null) return;
    const gone = once(dying, 'exit');
    dying.kill('SIGKILL');
    await gone;
  }
  await start();
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    command,
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    kill,
    start,
    async close() {
      await kill();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  // A cluster listens on port + 10000 besides.
  return port < 55_000 ? port : freePort();
}

function commandAt(port: number, words: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.setTimeout(2000, () => socket.destroy(new Error('no answer')));
    socket.on('error', reject);
    socket.on('data', (chunk) => (answer += chunk));
    socket.on('close', () => resolve(answer));
    const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('');
    socket.end(`*${words.length}\r\n${parts}*1\r\n$4\r\nQUIT\r\n`);
  });
}
