import { type FakeGemini, fakeGemini } from '../../src/testing/index.ts';
import { type RedisServer, redisServer } from '../store/redis-server.ts';
import { until } from '../store/stage.ts';
import { type Example, startExample } from './example.ts';

let gemini: FakeGemini;
let redis: RedisServer;
let example: Example;

beforeEach(async () => {
  gemini = await fakeGemini({ limits: { 'gemini-3.8-flash': { rpd: 6 } } });
  redis = await redisServer();
  example = await startExample('redis-two-processes', { ...gemini.env(), REDIS_URL: redis.url });
  await until(async () => (await redis.command('HLEN', 'gg:fleet')).includes(':2'), 10_000);
});
afterEach(async () => {
  await example.stop();
  await redis.close();
  await gemini.close();
});

test('what one process learns, the other knows: a used up day is asked for once', async () => {
  const processes = new Set<number>();
  for (let i = 0; i < 6; i++) {
    const response = await example.ask();
    expect(response.status).toBe(200);
    processes.add(((await response.json()) as { process: number }).process);
  }
  expect(processes.size).toBe(2);
  for (let i = 0; i < 8; i++) expect((await example.ask()).status).toBe(429);
  expect(gemini.calls.filter(({ status }) => status === 429)).toHaveLength(1);
});

test('they go on when Redis is gone, and say so', async () => {
  await redis.kill();
  for (let i = 0; i < 4; i++) expect((await example.ask()).status).toBe(200);
  await until(() => example.log().includes('redis lost: share'));
  await redis.start();
  await until(() => example.log().includes('redis back: share'), 8000);
});
