import { COMMON, type Common, readArguments } from './arguments.ts';
import type { Visit } from './doctor/check.ts';
import { readAddress } from './doctor/endpoint.ts';
import { examine, exitCodeOf } from './doctor/examine.ts';
import { reportText } from './doctor/report.ts';
import { painter } from './screen.ts';
import { MODEL } from './servers.ts';
import { type Console, type ExitCode, Usage } from './terminal.ts';

const HELP = `gemini-guard doctor
gemini-guard doctor --model gemini-3.5-flash-lite --call
gemini-guard doctor --json

Looks at all that stands between this machine and an answer of Gemini's: Node, the SDK, the environment, the
type of the key, DNS, TCP, TLS, the clock, the key itself, the model, its quota, Redis. A key comes from
GEMINI_API_KEYS, GOOGLE_API_KEY or GEMINI_API_KEY, and is never shown.

  --model <name>      the model to ask for; ${MODEL} if none is named
  --call              make one call that costs one token; without it nothing is paid for
  --base-url <url>    another address than Google's, such as that of a proxy or of gemini-guard fake
  --timeout <s>       how long to wait for each answer; 10 if not said
  --json              print one JSON object
  --no-color          plain text, as with NO_COLOR or where the output is no terminal
  --help              this

Exit codes: 0 no check failed, 1 one failed, 2 wrong usage, 3 Google cannot be reached.`;

interface Options extends Common {
  model?: string;
  call?: boolean;
  'base-url'?: string;
  timeout?: string;
}

export async function runDoctor(args: readonly string[], terminal: Console): Promise<ExitCode> {
  const { env, stdout, stderr } = terminal;
  const { options, words } = readArguments<Options>('doctor', args, {
    ...COMMON,
    model: 'text',
    call: 'flag',
    'base-url': 'text',
    timeout: 'text',
  });
  if (options.help) {
    stdout.write(`${HELP}\n`);
    return 0;
  }
  if (words.length > 0) throw new Usage('doctor: takes options only, no other words. Try --help.');
  const visit: Visit = { env, now: Date.now, model: modelOf(options.model), timeoutMs: timeoutOf(options.timeout) };
  const orders = { baseUrl: baseUrlOf(options['base-url']), call: options.call === true };
  const checks = await examine(visit, orders, (what) => stderr.write(`doctor: looking at ${what}\n`));
  const exitCode = exitCodeOf(checks);
  const text = options.json
    ? JSON.stringify({ ok: exitCode === 0, model: visit.model, checks })
    : reportText(checks, painter(stdout, !options['no-color'], env));
  stdout.write(`${text}\n`);
  return exitCode;
}

function modelOf(name: string = MODEL): string {
  const model = name.replace(/^models\//, '');
  if (/^[a-z\d][\w.@-]{0,100}$/i.test(model)) return model;
  throw new Usage(`doctor: \`model\` must be the name of a model, such as ${MODEL}.`);
}

function baseUrlOf(text: string | undefined): URL | undefined {
  if (text === undefined) return undefined;
  const url = readAddress(text);
  if (url !== undefined) return url;
  throw new Usage('doctor: `base-url` must be an address of http or https, without a user, a password or a query.');
}

function timeoutOf(text = '10'): number {
  const seconds = Number(text);
  if (/^\d{1,3}(?:\.\d{1,3})?$/.test(text) && seconds > 0) return seconds * 1000;
  throw new Usage('doctor: `timeout` must be a number of seconds, such as 10.');
}
