import { runDemo } from '../../src/cli/run-demo.ts';

/** Runs the command in this process, without a terminal. */
async function demo(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const code = await runDemo(args, {
    env: {},
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
  });
  return { code, out, err };
}

test('--help begins with examples and names every option', async () => {
  const { code, out } = await demo('--help');
  expect(code).toBe(0);
  expect(out).toMatch(/^npm run demo /);
  for (const option of ['fast', 'json', 'live', 'no-color', 'help']) expect(out).toContain(`  --${option} `);
});

test('an unknown option gets a suggestion and exit code 2', async () => {
  expect(await demo('--jsn')).toEqual({
    code: 2,
    out: '',
    err: expect.stringContaining('demo: `jsn` is not an option. Did you mean `json`?'),
  });
});

test.each([[['--json=yes']], [['now']], [['-x']]])('%j is wrong usage', async (args) => {
  expect(await demo(...args)).toMatchObject({ code: 2, out: '' });
});
