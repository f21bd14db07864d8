import { createServer } from 'node:net';
import { Readable } from 'node:stream';
import type { Check } from '../../src/cli/doctor/check.ts';
import { main } from '../../src/cli/main.ts';
import { type FakeGemini, type FakeGeminiOptions, fakeGemini } from '../../src/testing/index.ts';
import { CANARY_KEY } from '../support.ts';
import { run } from './built.ts';

export const CLI = 'dist/import/cli/gemini-guard.js';

/** An auth key by its form, and nobody's. In two pieces, for secret scanners. */
export const AUTH_KEY: string = ['AQ', '.Ab8CANARY-only-nobody-owns-this-key'].join('');

export interface Examined {
  readonly code: number | null;
  readonly stderr: string;
  readonly checks: readonly Check[];
  /** The check of that name. */
  check(name: string): Check | undefined;
}

type Run = (args: string[], env: NodeJS.ProcessEnv) => ReturnType<typeof run>;

/** Runs the built doctor against a fake, as a user does. */
export const examineBuilt: typeof examine = (url, args, env) =>
  examineBy((all, given) => run([CLI, ...all], given), url, args, env);

/** Runs the doctor against a fake, in this process: a start for each case would cost more than the case. */
export async function examine(
  url: string,
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Promise<Examined> {
  return examineBy(
    async (all, given) => {
      let [stdout, stderr] = ['', ''];
      const code = await main(all, {
        env: given,
        stdin: Readable.from([]),
        stdout: { write: (text) => (stdout += text) },
        stderr: { write: (text) => (stderr += text) },
      });
      return { code, stdout, stderr };
    },
    url,
    args,
    env,
  );
}

/** No key may be in anything that it writes. */
async function examineBy(
  runIt: Run,
  url: string,
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Promise<Examined> {
  const all = ['doctor', '--json', '--base-url', url, '--timeout', '5', ...args];
  const { code, stdout, stderr } = await runIt(all, { GEMINI_API_KEY: AUTH_KEY, ...env });
  const secrets = [AUTH_KEY, CANARY_KEY, ...Object.values(env).filter((value) => /CANARY/.test(value ?? ''))];
  expect(secrets.filter((secret) => secret && `${stdout}${stderr}`.includes(secret))).toEqual([]);
  const { checks } = JSON.parse(stdout) as { checks: Check[] };
  return { code, stderr, checks, check: (name) => checks.find((check) => check.name === name) };
}

/** A fake for the length of one test. */
export async function withFake<T>(
  use: (gemini: FakeGemini) => Promise<T>,
  options: FakeGeminiOptions = {},
): Promise<T> {
  const gemini = await fakeGemini(options);
  try {
    return await use(gemini);
  } finally {
    await gemini.close();
  }
}

/** What speaks Redis' protocol as far as a doctor does. */
export async function redis(reply: string, use: (url: string, heard: () => string) => Promise<void>): Promise<void> {
  let heard = '';
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      heard += chunk;
      socket.write(reply);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  try {
    await use(`127.0.0.1:${port}`, () => heard);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}
