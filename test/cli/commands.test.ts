import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GeminiError } from '../../src/errors/gemini-error.ts';
import { KINDS } from '../../src/errors/kinds.ts';
import { fakeGemini, fault } from '../../src/testing/index.ts';
import { CANARY_KEY, CANARY_PROMPT, clientOf, MODEL, quickGuard } from '../support.ts';
import { cleanEnv, ended, ensureBuilt, ROOT, run } from './built.ts';
import { AUTH_KEY, CLI } from './doctor-stage.ts';

beforeAll(ensureBuilt, 60_000);

const folder = mkdtempSync(join(tmpdir(), 'gemini-guard-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));

const cli = (...args: string[]): ReturnType<typeof run> => run([CLI, ...args]);

/** Runs a command with a text on its stdin. */
async function piped(text: string, ...args: string[]): ReturnType<typeof run> {
  const child = spawn(process.execPath, [CLI, ...args], { cwd: ROOT, env: cleanEnv() });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => (stderr += chunk));
  child.stdin.on('error', () => {});
  child.stdin.end(text);
  return { code: await ended(child), stdout, stderr };
}

describe('every command', () => {
  const commands = ['doctor', 'explain', 'demo', 'fake'];

  it.each(commands)('%s --help begins with examples and names its options', async (command) => {
    const { code, stdout, stderr } = await cli(command, '--help');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`^gemini-guard ${command} ?`));
    for (const option of ['json', 'help']) expect(stdout).toContain(`  --${option} `);
  });

  it.each(commands)('%s suggests what a mistyped option may have meant', async (command) => {
    const { code, stdout, stderr } = await cli(command, '--jsn');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(`${command}: \`jsn\` is not an option. Did you mean \`json\`?`);
  });

  it.each(commands)('%s takes no key, and does not repeat one', async (command) => {
    for (const arg of [CANARY_KEY, '--api-key=CANARY-of-no-known-form']) {
      const { code, stdout, stderr } = await cli(command, arg);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(/a key is never an argument/i);
      expect(stderr).not.toContain('CANARY');
    }
  });

  it.each([
    [['--api-key', CANARY_KEY]],
    [[`--model=${CANARY_KEY}`]],
    [[`--${CANARY_KEY}`]],
    [[`${CANARY_KEY},${CANARY_KEY}`]],
    [[` "${AUTH_KEY}"`]],
  ])('a key is recognised in %#', async (args) => {
    const { code, stderr } = await cli('doctor', ...args);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^gemini-guard: one argument looks like a key\./);
    expect(stderr).not.toContain('CANARY');
  });

  it('--version is that of the package', async () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    expect(await cli('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('--help names them all; without a command the same is wrong usage', async () => {
    const { code, stdout } = await cli('--help');
    expect(code).toBe(0);
    for (const command of commands) expect(stdout).toContain(`gemini-guard ${command}`);
    expect(await cli()).toEqual({ code: 2, stdout: '', stderr: stdout });
  });

  it.each([
    ['explian', 'gemini-guard: `explian` is not a command. Did you mean `explain`?'],
    ['docter', 'Did you mean `doctor`?'],
    ['--versoin', 'Did you mean `--version`?'],
    [CANARY_PROMPT, 'gemini-guard: that is not a command.'],
    ['constructor', '`constructor` is not a command.'],
  ])('%s is no command', async (name, says) => {
    const { code, stdout, stderr } = await cli(name);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(says);
    expect(stderr).not.toContain(CANARY_PROMPT);
  });

  it('is there under its name, for npx', () => {
    const { bin } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    expect(bin).toEqual({ 'gemini-guard': `./${CLI}` });
    expect(readFileSync(join(ROOT, CLI), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
  });

  it('ends well when who reads has gone', async () => {
    const child = spawn('sh', ['-c', `"${process.execPath}" ${CLI} explain 429 2>&1 >&3 3>&- | head -c 1000`], {
      cwd: ROOT,
      env: cleanEnv(),
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
    child.stdio[3]?.destroy();
    let heard = '';
    child.stdout?.on('data', (chunk) => (heard += chunk));
    expect(await ended(child)).toBe(0);
    expect(heard).toBe('');
  });
});

describe('explain', () => {
  const SUSPENDED = `{"error":{"code":403,"message":"Permission denied: Consumer 'api_key:${CANARY_KEY}' has been suspended. ${CANARY_PROMPT}","status":"PERMISSION_DENIED","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"CONSUMER_SUSPENDED","domain":"googleapis.com"}]}}`;

  it('takes an argument, a file or stdin, and repeats neither key nor text', async () => {
    const file = join(folder, 'error.txt');
    writeFileSync(file, SUSPENDED);
    const ways = [
      await cli('explain', SUSPENDED),
      await cli('explain', '--file', file),
      await piped(SUSPENDED, 'explain'),
    ];
    for (const { code, stdout, stderr } of ways) {
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(/^account_suspended\n/);
      expect(stdout).not.toMatch(/CANARY|Consumer/);
      expect(stdout).not.toContain('\x1b');
    }
    expect(new Set(ways.map(({ stdout }) => stdout)).size).toBe(1);
  });

  it('says who must act, what cures it, whether a retry helps, and where to read on', async () => {
    const { stdout } = await cli('explain', SUSPENDED);
    const { cause, cure, detail } = KINDS.account_suspended;
    for (const text of [cause, cure, detail, '503 unavailable', 'CONSUMER_SUSPENDED']) expect(stdout).toContain(text);
    expect(stdout).toMatch(/Who must act +you/);
    expect(stdout).toMatch(/Retry +does not help/);
    const [, page = '', anchor] = /More +file:\/\/(\S+)#(\w+)/.exec(stdout) ?? [];
    expect(readFileSync(page, 'utf8')).toContain(`\n## ${anchor}\n`);
  });

  it('--json is one object with the same', async () => {
    const gemini = await fakeGemini();
    gemini.always(fault.quotaPerMinute({ retryDelay: '17s', limit: 5 }));
    const body = await fetch(`${gemini.url}/v1beta/models/${MODEL}:generateContent`, { method: 'POST', body: '{}' });
    const { code, stdout } = await cli('explain', '--json', await body.text());
    await gemini.close();
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      kind: 'rate_limited',
      code: 'rate_limited',
      whoMustAct: 'nobody',
      alert: false,
      retry: { helps: true, afterMs: 17_000, times: null },
      visitor: { status: 429, sentence: expect.stringContaining('17 seconds') },
      upstream: { quota: { scope: 'minute', value: 5 } },
      link: expect.stringMatching(/docs\/errors\.md#rate_limited$/),
    });
  });

  it('of a day quota says when it resets, not the seconds that Google names', async () => {
    const text =
      '429 RESOURCE_EXHAUSTED: Quota exceeded, GenerateRequestsPerDayPerProjectPerModel. Please retry in 41s.';
    const { stdout } = await cli('explain', '--json', text);
    const { kind, retry } = JSON.parse(stdout);
    expect(kind).toBe('quota_exhausted');
    expect(retry.helps).toBe(false);
    expect(retry.afterMs).toBeGreaterThan(0);
    expect(retry.afterMs).not.toBe(41_000);
  });

  it('joins words that the shell has taken apart', async () => {
    const { stdout } = await cli('explain', '--json', 'The', 'model', 'is', 'overloaded.');
    expect(JSON.parse(stdout).kind).toBe('model_overloaded');
  });

  it("reads the guard's own lines and errors", async () => {
    const line = JSON.stringify({
      level: 'error',
      message: 'gemini-guard alert: billing',
      kind: 'billing',
      model: MODEL,
    });
    expect(JSON.parse((await cli('explain', '--json', line)).stdout).kind).toBe('billing');
    const printed = `Error in route: ${require('node:util').inspect(new GeminiError('quota_zero'))}`;
    expect(JSON.parse((await cli('explain', '--json', printed)).stdout).kind).toBe('quota_zero');
    const exposed = new GeminiError('tls_error').toProblem({ requestId: 'a', expose: true });
    expect(JSON.parse((await cli('explain', '--json', JSON.stringify(exposed))).stdout).kind).toBe('tls_error');
  });

  it('of an answer without the kind says which it can be', async () => {
    const problem = JSON.stringify(new GeminiError('billing').toProblem({ requestId: 'req-7' }));
    const { code, stdout } = await cli('explain', '--json', problem);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ code: 'unavailable', requestId: 'req-7' });
    expect(JSON.parse(stdout).kinds).toContain('billing');
    expect((await cli('explain', problem)).stdout).toContain('under requestId req-7');
  });

  it('ends with 1 where nothing known fits', async () => {
    const { code, stdout } = await cli('explain', 'something odd');
    expect(code).toBe(1);
    expect(stdout).toMatch(/^unknown\n/);
  });

  it.each([
    ['an empty text', ['explain', ' ']],
    ['a file that is not there', ['explain', '--file', '/nowhere/error.txt']],
    ['a text and a file', ['explain', 'x', '--file', 'y']],
    ['--file without a path', ['explain', '--file']],
  ])('%s is wrong usage', async (_, args) => {
    const { code, stdout, stderr } = await cli(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^explain: .+\n$/);
  });

  // What is quadratic takes minutes, and the time of a test is over.
  it('reads the first of a very long input, in little time', async () => {
    const hostile = [
      '{"a":'.repeat(60_000),
      "{ error: '".repeat(30_000),
      `${'x '.repeat(60_000)}{`,
      '[2026-'.repeat(50_000),
    ];
    for (const text of hostile) {
      const { code } = await piped(text, 'explain');
      expect([0, 1]).toContain(code);
    }
  });
});

describe('demo', () => {
  it('is the same demo', async () => {
    const { code, stdout } = await cli('demo', '--live');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });
});

describe('fake', () => {
  /** A running fake and its address. */
  async function started(...args: string[]) {
    const child = spawn(process.execPath, [CLI, 'fake', ...args], { cwd: ROOT, env: cleanEnv() });
    let [stdout, stderr] = ['', ''];
    child.stderr.on('data', (chunk) => (stderr += chunk));
    await new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk) => {
        stdout += chunk;
        resolve();
      });
    });
    const end = async (signal: NodeJS.Signals): Promise<{ code: number | null; stderr: string }> => {
      const over = ended(child);
      child.kill(signal);
      return { code: await over, stderr };
    };
    return { said: stdout.trim(), end };
  }

  it.each(['SIGINT', 'SIGTERM'] as const)('prints its address, answers, and ends cleanly on %s', async (signal) => {
    const { said, end } = await started();
    expect(said).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const ai = clientOf(quickGuard(), said);
    expect((await ai.models.generateContent({ model: MODEL, contents: 'Hi' })).text).toBe(
      'Hello from the fake Gemini.',
    );
    const { code, stderr } = await end(signal);
    expect(code).toBe(0);
    expect(stderr).toContain('fake: 1 calls: 1 answer.');
  });

  it('plays a scenario', async () => {
    const file = join(folder, 'scenario.json');
    writeFileSync(
      file,
      JSON.stringify({
        models: [MODEL, 'gemini-3.5-flash-lite'],
        limits: { [MODEL]: { rpm: 3 } },
        text: 'From a file.',
        script: ['overloaded', { answer: 'Hi!' }, { fault: 'quotaPerMinute', with: { retryDelay: '7s' }, times: 2 }],
        always: [{ fault: 'apiKeyLeaked', model: 'gemini-3.5-flash-lite' }],
      }),
    );
    const { said, end } = await started('--json', '--scenario', file);
    const { url } = JSON.parse(said);
    const ai = clientOf(quickGuard({ retry: false, quota: false }), url);
    const ask = (model = MODEL): Promise<unknown> =>
      ai.models.generateContent({ model, contents: 'Hi' }).then(
        ({ text }) => text,
        ({ kind, retryAfterMs }: GeminiError) => [kind, retryAfterMs],
      );
    expect(await ask()).toEqual(['model_overloaded', undefined]);
    expect(await ask()).toBe('Hi!');
    expect(await ask()).toEqual(['rate_limited', 7000]);
    expect(await ask()).toEqual(['rate_limited', 7000]);
    expect(await ask('gemini-3.5-flash-lite')).toEqual(['invalid_credentials', undefined]);
    expect(await ask()).toBe('From a file.');
    expect(await ask('gemini-9')).toEqual(['model_not_found', undefined]);
    expect((await end('SIGINT')).code).toBe(0);
  });

  it.each([
    ['{', 'is no JSON'],
    [`{"keys": "${CANARY_KEY}"`, 'is no JSON'],
    [`{"keys": "${CANARY_KEY}"}`, '`keys` must be an array'],
    ['{"limit": {}}', 'has an unknown member. Did you mean `limits`?'],
    ['{"script": ["overlaoded"]}', '`script[0]` names no fault. Did you mean `overloaded`?'],
    ['{"script": [{"answer": "x", "fault": "reset"}]}', '`script[0]` needs either'],
    ['{"script": [{"fault": "quotaPerMinute", "with": {"retryDelay": "soon"}}]}', 'retryDelay'],
    ['{"always": [{"fault": "reset", "times": 2}]}', 'always[0] has an unknown member'],
    ['{"tier": "golden"}', '`tier` cannot be'],
    ['[]', 'must be an object'],
  ])('%s is wrong usage', async (json, says) => {
    const file = join(folder, 'wrong.json');
    writeFileSync(file, json);
    const { code, stdout, stderr } = await cli('fake', '--scenario', file);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(says);
    expect(stderr).not.toContain('CANARY');
  });

  it('a port that is taken is said, and no usage error', async () => {
    const gemini = await fakeGemini();
    const { code, stderr } = await cli('fake', '--port', new URL(gemini.url).port);
    await gemini.close();
    expect(code).toBe(1);
    expect(stderr).toContain('EADDRINUSE');
    expect((await cli('fake', '--port', '70000')).code).toBe(2);
  });
});

describe('doctor', () => {
  it('that is interrupted ends at once and quietly', async () => {
    const gemini = await fakeGemini();
    gemini.always(fault.hang());
    const child = spawn(process.execPath, [CLI, 'doctor'], { cwd: ROOT, env: cleanEnv(gemini.env()) });
    let stderr = '';
    child.stderr.on('data', (chunk) => (stderr += chunk));
    await gemini.waitForCalls(1);
    child.kill('SIGINT');
    await ended(child);
    await gemini.close();
    expect(child.signalCode).toBe('SIGINT');
    expect(stderr).not.toMatch(/Error| {4}at /);
  });

  it.each([
    ['--base-url', 'ftp://x'],
    ['--base-url', 'http://user:CANARY@x'],
    ['--base-url', 'http://x/?key=CANARY'],
    ['--timeout', '0'],
    ['--timeout', 'long'],
    ['--model', 'a b'],
    ['now', 'please'],
  ])('%s %s is wrong usage', async (...args) => {
    const { code, stdout, stderr } = await cli('doctor', ...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^doctor: .+\n$/);
    expect(stderr).not.toContain('CANARY');
  });
});
