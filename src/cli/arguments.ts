import { type ParseArgsConfig, parseArgs } from 'node:util';
import { flag, type Rules, readOptions, text } from '../options.ts';
import { Usage } from './terminal.ts';

type Kinds<O> = { readonly [K in keyof O]-?: 'flag' | 'text' };

/** Options that every command takes. */
export interface Common {
  json?: boolean;
  'no-color'?: boolean;
  help?: boolean;
}

export const COMMON: Kinds<Common> = { json: 'flag', 'no-color': 'flag', help: 'flag' };

/** An API key or a token by its form: AIza..., AQ...., ya29...., a signed token. */
const SECRET = /^(?:AIza[\w-]{16,}|AQ\.[\w-]{16,}|ya29\.[\w.-]{8,}|eyJ[\w-]{10,}\.[\w-]{10,}[\w.-]*)$/;

/**
 * Arguments stay in the history of the shell and in the list of processes, so nothing here takes a key.
 * @throws Usage which does not repeat it
 */
export function refuseKeys(args: readonly string[]): void {
  for (const arg of args) {
    // `--api-key=AIza...`, `--AIza...`, and two keys with a comma between them.
    const parts = arg.split(/[=,\s]+/).map((part) => part.replace(/^["'-]+|["']+$/g, ''));
    // A sentence may quote a key, as some of Google's do; an argument that is nothing else may not.
    if (parts.length > 3 || !parts.some((part) => SECRET.test(part))) continue;
    throw new Usage(
      'gemini-guard: one argument looks like a key. A key is never an argument: others can read it in the list of processes and in the history of the shell. Set GEMINI_API_KEY instead, and take the key out of that history.',
    );
  }
}

/** @throws Usage one sentence on what is wrong with the arguments */
export function readArguments<O extends Common>(
  who: string,
  args: readonly string[],
  kinds: Kinds<O>,
): { options: O; words: readonly string[] } {
  const known: NonNullable<ParseArgsConfig['options']> = {};
  for (const [name, kind] of Object.entries(kinds)) known[name] = { type: kind === 'flag' ? 'boolean' : 'string' };
  known.help = { type: 'boolean', short: 'h' };
  const { values, positionals } = parseArgs({ args: [...args], strict: false, options: known });
  for (const name of Object.keys(values)) refuseKeyOption(who, name);
  const rules = Object.fromEntries(Object.entries(kinds).map(([name, kind]) => [name, kind === 'flag' ? flag : text]));
  try {
    return { options: readOptions<O, object>(who, values as unknown as O, rules as Rules<O>, {}), words: positionals };
  } catch (error) {
    throw new Usage((error as Error).message);
  }
}

function refuseKeyOption(who: string, name: string): void {
  if (!/^(?:google-?|gemini-?)?(?:api-?)?(?:keys?|token)$/i.test(name)) return;
  throw new Usage(`${who}: there is no option for a key, and a key is never an argument. Set GEMINI_API_KEY.`);
}
