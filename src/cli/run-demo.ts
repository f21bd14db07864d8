import { COMMON, type Common, readArguments, refuseKeys } from './arguments.ts';
import { live } from './live.ts';
import { MissingPeer } from './peer.ts';
import { play } from './play.ts';
import { heading, line, painter, span, table } from './screen.ts';
import type { Terminal } from './terminal.ts';
import { FAST, NORMAL } from './weather.ts';

/** @param command how the demo was called */
function help(command: string): string {
  const options = command.startsWith('npm') ? `${command} --` : command;
  const example = (words: string, what: string): string => `${words.padEnd(29)}${what}`;
  return `${example(command, 'twenty seconds of bad weather at two servers, no key needed')}
${example(`${options} --json`, 'only the closing numbers, as one JSON object')}
${example(`${options} --live`, 'three questions to the real Gemini, with GEMINI_API_KEY')}

Starts a fake Gemini, a bare Express server and the same server with geminiGuard(), plays the same
weather at both, and prints what each visitor got from either.

  --fast       the same in less time: the quota's minute ends after 1 s, visitors give up after 2 s,
               the guard's attempts end after 0.6 s, it waits for 1.5 s at most, no pauses
  --json       print one JSON object at the end, and nothing else
  --live       call the real Gemini instead; needs GEMINI_API_KEY (or GOOGLE_API_KEY)
  --no-color   plain text, as with NO_COLOR or where the output is no terminal
  --help       this`;
}

interface Options extends Common {
  fast?: boolean;
  live?: boolean;
}

/** Runs the demo. Resolves with the exit code: 0 done, 1 it could not be done, 2 wrong usage. */
export async function runDemo(
  args: readonly string[],
  { env, stdout, stderr }: Terminal,
  command = 'npm run demo',
): Promise<0 | 1 | 2> {
  const print = (text: string): void => void stdout.write(`${text}\n`);
  const fail = (error: unknown, code: 1 | 2): 1 | 2 => {
    stderr.write(`${(error as Error).message}\n`);
    return code;
  };
  let options: Options;
  try {
    options = optionsOf(args);
    if (options.live && !env.GEMINI_API_KEY && !env.GOOGLE_API_KEY) {
      throw new TypeError('demo: --live calls the real Gemini, so it needs your key in GEMINI_API_KEY.');
    }
  } catch (error) {
    return fail(error, 2);
  }
  const paint = painter(stdout, !options['no-color'], env);
  try {
    if (options.help) print(help(command));
    else if (options.live) return (await live(print, paint)) ? 0 : 1;
    else await weather(options, print, paint);
    return 0;
  } catch (error) {
    if (error instanceof MissingPeer) return fail(error, 1);
    throw error;
  }
}

async function weather(options: Options, print: (text: string) => void, paint: Parameters<typeof table>[1]) {
  const pace = options.fast ? FAST : NORMAL;
  const say = options.json ? () => {} : print;
  say(`A fake Gemini, two servers, one route, the same weather at both. Nothing leaves this machine.
Shortened for the demo: an attempt of the guard ends after ${span(pace.attemptMs)} (default 60 s), it waits for
${span(pace.maxMs)} at most (default 30 s), and visitors give up after ${span(pace.patienceMs)}.\n`);
  const sums = await play(pace, {
    page: (url) => say(`The guard's status page, while this runs: ${url}\n\n${heading(paint)}`),
    scene: (title) => say(`\n${paint('cyan', title)}`),
    visitor: (number, bare, guarded) => say(line(number, bare, guarded, paint)),
  });
  if (options.json) print(JSON.stringify(sums));
  say(`\n${table(sums, paint)}`);
  say(`
Leaked internals: answers with our key, our project number, a stack trace or Google's own text.
With NODE_ENV=production Express shows no stack and no text; its status codes stay the same.`);
}

/** @throws TypeError one sentence on what is wrong with the arguments */
function optionsOf(args: readonly string[]): Options {
  refuseKeys(args);
  const { options, words } = readArguments<Options>('demo', args, { ...COMMON, fast: 'flag', live: 'flag' });
  if (words.length > 0) throw new TypeError('demo: takes options only, no other words. Try --help.');
  return options;
}
