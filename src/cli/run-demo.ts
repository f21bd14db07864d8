import { parseArgs } from 'node:util';
import { flag, readOptions } from '../options.ts';
import { live } from './live.ts';
import { MissingPeer } from './peer.ts';
import { play } from './play.ts';
import { heading, line, painter, span, table } from './screen.ts';
import { FAST, NORMAL } from './weather.ts';

const HELP = `npm run demo                 twenty seconds of bad weather at two servers, no key needed
npm run demo -- --json       only the closing numbers, as one JSON object
npm run demo -- --live       three questions to the real Gemini, with GEMINI_API_KEY

Starts a fake Gemini, a bare Express server and the same server with geminiGuard(), plays the same
weather at both, and prints what each visitor got from either.

  --fast       the same in less time: the quota's minute ends after 1 s, visitors give up after 2 s,
               the guard's attempts end after 0.6 s, it waits for 1.5 s at most, no pauses
  --json       print one JSON object at the end, and nothing else
  --live       call the real Gemini instead; needs GEMINI_API_KEY (or GOOGLE_API_KEY)
  --no-color   plain text, as with NO_COLOR or where the output is no terminal
  --help       this`;

interface Options {
  fast?: boolean;
  json?: boolean;
  live?: boolean;
  'no-color'?: boolean;
  help?: boolean;
}

/** What the demo needs of its process. */
export interface Terminal {
  readonly env: NodeJS.ProcessEnv;
  readonly stdout: { isTTY?: boolean; write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

/** Runs the demo. Resolves with the exit code: 0 done, 1 it could not be done, 2 wrong usage. */
export async function runDemo(args: readonly string[], { env, stdout, stderr }: Terminal): Promise<0 | 1 | 2> {
  const print = (text: string): void => void stdout.write(`${text}\n`);
  const fail = (error: unknown, code: 1 | 2): 1 | 2 => {
    stderr.write(`${(error as Error).message}\n`);
    return code;
  };
  let options: Options;
  try {
    options = readArguments(args);
    if (options.live && !env.GEMINI_API_KEY && !env.GOOGLE_API_KEY) {
      throw new TypeError('demo: --live calls the real Gemini, so it needs your key in GEMINI_API_KEY.');
    }
  } catch (error) {
    return fail(error, 2);
  }
  const paint = painter(stdout, !options['no-color'], env);
  try {
    if (options.help) print(HELP);
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
  say(heading(paint));
  const sums = await play(pace, {
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
function readArguments(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    strict: false,
    options: {
      fast: { type: 'boolean' },
      json: { type: 'boolean' },
      live: { type: 'boolean' },
      'no-color': { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (positionals.length > 0) throw new TypeError('demo: takes options only, no other words. Try --help.');
  return readOptions<Options, object>(
    'demo',
    values as Options,
    { fast: flag, json: flag, live: flag, 'no-color': flag, help: flag },
    {},
  );
}
