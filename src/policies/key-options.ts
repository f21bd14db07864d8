import { checkKey, type KeyOptions } from '../api-key.ts';
import { readOptions, text } from '../options.ts';

/** Keys, each alone or with its project and a label. */
export type KeysOptions = readonly (string | KeyOptions)[];

type Environment = Readonly<Record<string, string | undefined>>;

/** Where keys come from, and whether somebody meant them to be used in place of the client's own. */
export interface GivenKeys {
  readonly keys: readonly KeyOptions[];
  readonly areChosen: boolean;
}

/**
 * The keys of the options, or of GEMINI_API_KEYS, or the one that clients take from the environment by themselves.
 * @throws TypeError that names the item and what is wrong with it, and repeats nothing of it
 */
export function readKeys(options: KeysOptions | undefined, env: Environment): GivenKeys {
  if (options !== undefined) {
    if (!Array.isArray(options) || options.length === 0)
      throw new TypeError('keys: expected an array of API keys, each a string or { key, project, label }.');
    return { keys: options.map((key, i) => readKey(`item ${i + 1}`, key)), areChosen: true };
  }
  const listed = (env.GEMINI_API_KEYS ?? '').split(',').flatMap((key) => key.trim() || []);
  if (listed.length > 0) {
    return { keys: listed.map((key, i) => readKey(`item ${i + 1} of GEMINI_API_KEYS`, key)), areChosen: true };
  }
  const own = env.GOOGLE_API_KEY || env.GEMINI_API_KEY;
  // One that is no key is told to whoever asks for a client: it may be that nobody does.
  return { keys: own && isKey(own) ? [{ key: own }] : [], areChosen: false };
}

/** @throws TypeError */
export function readKey(what: string, given: string | KeyOptions): KeyOptions {
  if (typeof given !== 'string' && (typeof given !== 'object' || given === null || Array.isArray(given)))
    throw new TypeError(`keys: ${what} must be a string or { key, project, label }.`);
  const options = typeof given === 'string' ? { key: given } : given;
  const read = readOptions(`keys: ${what}`, options, { key: text, project: text, label: text }, {});
  if (!read.key) throw new TypeError(`keys: ${what} is empty, or has no \`key\`.`);
  checkKey('keys', what, read.key);
  for (const name of ['project', 'label'] as const) {
    const value = read[name];
    if (value === undefined) continue;
    if (!/^[\x21-\x7e]{1,100}$/.test(value))
      throw new TypeError(`keys: \`${name}\` of ${what} must have 1 to 100 printable characters and no space.`);
  }
  return read;
}

function isKey(key: string): boolean {
  try {
    checkKey('', '', key);
    return true;
  } catch {
    return false;
  }
}
