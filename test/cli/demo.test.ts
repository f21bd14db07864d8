import { spawn } from 'node:child_process';
import type { Side, Sum } from '../../src/cli/sum.ts';
import { fakeGemini, fault } from '../../src/testing/index.ts';
import { cleanEnv, ended, ensureBuilt, ROOT, run } from './built.ts';

const DEMO = 'dist/esm/cli/demo.js';

beforeAll(ensureBuilt, 60_000);

describe('the demo', () => {
  let sums: Record<Side, Sum>;
  let ran: Awaited<ReturnType<typeof run>>;

  beforeAll(async () => {
    ran = await run([DEMO, '--fast', '--json']);
    sums = JSON.parse(ran.stdout) as typeof sums;
  });

  it('ends by itself and prints one object', () => {
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(Object.keys(sums)).toEqual(['bare', 'guarded']);
  });

  it('shows that more visitors of the guard are answered', () => {
    expect(sums.guarded.answered).toBeGreaterThan(sums.bare.answered);
  });

  it('shows that the bare server leaks and the guard does not', () => {
    expect(sums.bare.leaked).toBeGreaterThan(0);
    expect(sums.guarded.leaked).toBe(0);
  });

  it.each(['bare', 'guarded'] as const)('counts for the %s server what its fake has on record', (side) => {
    const { visitors, answered, problems, html, empty, gaveUp, upstreamCalls, played } = sums[side];
    expect(answered + problems + html + empty + gaveUp).toBe(visitors);
    expect(Object.values(played).reduce((sum, calls) => sum + calls, 0)).toBe(upstreamCalls);
    // Each good answer of Gemini reached exactly one visitor.
    expect(played.answer).toBe(answered);
  });

  it('spends one upstream call for each visitor of the bare server', () => {
    expect(sums.bare.upstreamCalls).toBe(sums.bare.visitors);
  });

  it("asks only once when the day's quota is used up", () => {
    expect(sums.bare.played.quotaPerDay).toBe(3);
    expect(sums.guarded.played.quotaPerDay).toBe(1);
  });
});

test('the demo says where the guarded server has its status page, which is open while it runs', async () => {
  const demo = spawn(process.execPath, [DEMO, '--fast', '--no-color'], { cwd: ROOT, env: cleanEnv() });
  const over = ended(demo);
  let said = '';
  const url = await new Promise<string>((resolve) => {
    demo.stdout.on('data', (chunk) => {
      said += chunk;
      const [, found] = /status page, while this runs: (\S+)\n/.exec(said) ?? [];
      if (found) resolve(found);
    });
  });
  const page = await fetch(url);
  expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('<h1>')]);
  expect(await over).toBe(0);
});

describe('demo --live', () => {
  it('refuses to start without a key', async () => {
    const { code, stdout, stderr } = await run([DEMO, '--live']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toBe('demo: --live calls the real Gemini, so it needs your key in GEMINI_API_KEY.\n');
  });

  it('prints every answer', async () => {
    const gemini = await fakeGemini({ text: 'It opens.' });
    const { code, stdout } = await run([DEMO, '--live'], gemini.env());
    await gemini.close();
    expect(code).toBe(0);
    expect(stdout.match(/It opens\./g)).toHaveLength(3);
  });

  it('says what a failure is, and fails', async () => {
    const gemini = await fakeGemini();
    gemini.always(fault.apiKeyLeaked());
    const { code, stdout } = await run([DEMO, '--live'], gemini.env());
    await gemini.close();
    expect(code).toBe(1);
    expect(stdout.match(/503 unavailable/g)).toHaveLength(3);
  });
});
