import { readFile } from 'node:fs/promises';
import { type FakeGemini, fakeGemini } from '../testing/index.ts';
import { COMMON, type Common, readArguments } from './arguments.ts';
import { direct, readScenario, type Scenario } from './scenario.ts';
import { type Console, type ExitCode, Usage, untilStopped } from './terminal.ts';

const HELP = `gemini-guard fake
gemini-guard fake --port 8080 --scenario weather.json

A fake Gemini on 127.0.0.1 that answers and fails as the real one does. Point an app at it, unchanged:
GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:8080 GEMINI_API_KEY=any node server.js. Ctrl-C ends it.

  --port <number>     where it listens; 0, the default, lets the system choose
  --scenario <path>   a JSON file: models, keys, limits, minuteMs, tier, latencyMs, text as in fakeGemini(),
                      and what it plays: { "script": ["overloaded", { "answer": "Hi!" }],
                      "always": [{ "fault": "quotaPerMinute", "with": { "retryDelay": "5s" }, "model": "x" }] }
  --json              print the address as JSON
  --help              this

Exit codes: 0 ended, 1 it could not listen, 2 wrong usage.`;

interface Options extends Common {
  port?: string;
  scenario?: string;
}

export async function runFake(args: readonly string[], { stdout, stderr }: Console): Promise<ExitCode> {
  const { options, words } = readArguments<Options>('fake', args, { ...COMMON, port: 'text', scenario: 'text' });
  if (options.help) {
    stdout.write(`${HELP}\n`);
    return 0;
  }
  if (words.length > 0) throw new Usage('fake: takes options only, no other words. Try --help.');
  const port = portOf(options.port ?? '0');
  const scenario = await scenarioOf(options.scenario);
  let fake: FakeGemini;
  try {
    fake = await start(port, scenario);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    stderr.write(`fake: cannot listen on port ${port} (${code}).\n`);
    return 1;
  }
  const stopped = untilStopped();
  stdout.write(`${options.json ? JSON.stringify({ url: fake.url }) : fake.url}\n`);
  stderr.write(`fake: listening. Set GOOGLE_GEMINI_BASE_URL to that address; Ctrl-C ends it.\n`);
  await stopped;
  await fake.close();
  stderr.write(`fake: ${summary(fake)}\n`);
  return 0;
}

async function start(port: number, scenario: Scenario | undefined): Promise<FakeGemini> {
  let fake: FakeGemini | undefined;
  try {
    fake = await fakeGemini({ ...scenario?.options, port });
    if (scenario) direct(fake, scenario);
    return fake;
  } catch (error) {
    await fake?.close();
    // Its checks throw this; its messages name the member.
    if (error instanceof TypeError) throw new Usage(`fake: the scenario: ${error.message}`);
    throw error;
  }
}

async function scenarioOf(path: string | undefined): Promise<Scenario | undefined> {
  if (path === undefined) return undefined;
  let json: string;
  try {
    json = await readFile(path, 'utf8');
  } catch (error) {
    throw new Usage(`fake: the scenario cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
  return readScenario(json);
}

function portOf(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new Usage('fake: `port` must be a whole number from 0 to 65535.');
}

/** `3 calls: 2 answer, 1 overloaded` */
function summary({ calls }: FakeGemini): string {
  const played = new Map<string, number>();
  for (const call of calls) played.set(call.played, (played.get(call.played) ?? 0) + 1);
  const parts = [...played].map(([name, count]) => `${count} ${name}`);
  return calls.length === 0 ? 'no calls.' : `${calls.length} calls: ${parts.join(', ')}.`;
}
