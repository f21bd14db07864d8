import { nearest } from '../options.ts';
import { refuseKeys } from './arguments.ts';
import { version } from './own-package.ts';
import { MissingPeer } from './peer.ts';
import { runDemo } from './run-demo.ts';
import { runDoctor } from './run-doctor.ts';
import { runExplain } from './run-explain.ts';
import { runFake } from './run-fake.ts';
import { type Console, type ExitCode, Usage } from './terminal.ts';

type Command = (args: readonly string[], terminal: Console) => Promise<ExitCode>;

const COMMANDS: Readonly<Record<string, Command>> = {
  doctor: runDoctor,
  explain: runExplain,
  demo: (args, terminal) => runDemo(args, terminal, 'gemini-guard demo'),
  fake: runFake,
};

const HELP = `gemini-guard doctor                     is everything right between this machine and Gemini?
gemini-guard explain '<error>'          what an error or a line of a log means, and what to do
gemini-guard demo                       bad weather at two servers, side by side; no key needed
gemini-guard fake --port 8080           a fake Gemini, for an app that shall not call the real one

Each takes --help, --json and --no-color.

  --version   the version of this package
  --help      this

Exit codes: 0 all is well, 1 a check failed, 2 wrong usage, 3 Google cannot be reached.
A key is never an argument: it comes from GEMINI_API_KEY, GOOGLE_API_KEY or GEMINI_API_KEYS.`;

/** Runs one command and says how it ended. Data goes to stdout, all else to stderr. */
export async function main(args: readonly string[], terminal: Console): Promise<ExitCode> {
  try {
    refuseKeys(args);
    const [name = '', ...rest] = args;
    if (name === '--help' || name === '-h' || name === 'help') return print(terminal, HELP);
    if (name === '--version' || name === '-v') return print(terminal, version());
    if (!Object.hasOwn(COMMANDS, name)) throw new Usage(unknownCommand(name));
    return await (COMMANDS[name] as Command)(rest, terminal);
  } catch (error) {
    if (!(error instanceof Usage || error instanceof MissingPeer)) throw error;
    terminal.stderr.write(`${error.message}\n`);
    return error instanceof Usage ? 2 : 1;
  }
}

function print({ stdout }: Console, text: string): 0 {
  stdout.write(`${text}\n`);
  return 0;
}

function unknownCommand(name: string): string {
  const commands = Object.keys(COMMANDS);
  if (name === '') return HELP;
  // What does not look like a name may be something that was misplaced, such as a prompt.
  const shown = /^-{0,2}[a-z][a-z-]{0,20}$/i.test(name) ? `\`${name}\`` : 'that';
  const near = nearest(name.replace(/^-+/, ''), name.startsWith('-') ? ['--help', '--version', ...commands] : commands);
  const hint = near === undefined ? '' : ` Did you mean \`${near}\`?`;
  return `gemini-guard: ${shown} is not a command.${hint} Commands: ${commands.join(', ')}. Try --help.`;
}
