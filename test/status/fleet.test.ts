import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { PageData } from '../../src/status/page-data.ts';
import { type FakeGemini, fakeGemini, fault } from '../../src/testing/index.ts';
import { cleanEnv, ended, ensureBuilt } from '../cli/built.ts';
import { type RedisServer, redisServer } from '../store/redis-server.ts';
import { until } from '../store/stage.ts';
import { ask } from './ask.ts';

// Real processes on a machine that does other things too.
interface Process {
  readonly url: string;
  data(): Promise<PageData>;
  get(): Promise<unknown>;
  close(): Promise<void>;
}

let gemini: FakeGemini;
let redis: RedisServer;
let processes: Process[];

beforeAll(ensureBuilt, 60_000);
beforeEach(async () => {
  gemini = await fakeGemini();
  redis = await redisServer();
  processes = await Promise.all([start(), start()]);
});
afterEach(async () => {
  await Promise.all(processes.map((process) => process.close()));
  await redis.close();
  await gemini.close();
});

async function start(): Promise<Process> {
  const env = cleanEnv({ ...gemini.env(), REDIS_URL: redis.url });
  const child: ChildProcess = spawn(process.execPath, [join(__dirname, 'process.mjs')], { env });
  child.stderr?.pipe(process.stderr);
  const url = await new Promise<string>((resolve) =>
    child.stdout?.once('data', (text) => resolve(String(text).trim())),
  );
  return {
    url,
    data: async () => JSON.parse((await ask(`${url}/_gemini/data`)).body) as PageData,
    get: () => ask(url),
    async close() {
      const end = ended(child);
      child.kill('SIGTERM');
      await end;
    },
  };
}

const tile = ({ tiles }: PageData, label: string): string | undefined =>
  tiles.find((one) => one.label === label)?.value;

async function together(one: Process, requests: string): Promise<PageData> {
  await until(async () => {
    const data = await one.data();
    return data.source === '2 processes together' && tile(data, 'Requests') === requests;
  });
  return one.data();
}

test('the page of one process shows the numbers of both, and those of this one alone while Redis is away', async () => {
  const [one, two] = processes as [Process, Process];
  await Promise.all([one.get(), one.get(), two.get(), two.get(), two.get()]);
  gemini.script(fault.blockedPrompt());
  await two.get();
  const data = await together(one, '6');
  expect(data.models).toMatchObject([{ name: 'gemini-3.8-flash', requests: '6', state: { text: 'up' } }]);
  expect(data.problems).toMatchObject([{ kind: 'blocked_prompt' }]);
  expect(data.headline.text).toBe('17 % of requests failed in the last minute.');
  // The other one's page says the same.
  expect(tile(await together(two, '6'), 'Requests')).toBe('6');

  await redis.kill();
  await one.get();
  await until(async () => (await one.data()).source === 'This process alone: Redis is out of reach', 10_000);
  const alone = await one.data();
  expect([alone.headline.tone, alone.headline.text, tile(alone, 'Requests')]).toEqual([
    'watch',
    'Redis is out of reach.',
    '3',
  ]);
  await redis.start();
  await together(one, '7');
});

test('what a process tells the others ends with it, and nobody tells anything while nobody looks', async () => {
  const [one, two] = processes as [Process, Process];
  await Promise.all([one.get(), two.get()]);
  await until(async () => (await redis.command('HLEN', 'gg:fleet')).includes(':2'));
  expect(await redis.command('EXISTS', 'gg:page')).toContain(':0');
  await together(one, '2');
  expect(await redis.command('HLEN', 'gg:page')).toContain(':1');
  expect(Number(/:(\d+)/.exec(await redis.command('PTTL', 'gg:page'))?.[1])).toBeGreaterThan(0);
  await two.close();
  processes = [one];
  await until(async () => (await one.data()).source === 'One process, Redis answers', 10_000);
  expect(tile(await one.data(), 'Requests')).toBe('1');
  expect(await redis.command('EXISTS', 'gg:page')).toContain(':0');
});
