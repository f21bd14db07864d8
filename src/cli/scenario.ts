import { nearest } from '../options.ts';
import {
  answer,
  type CallFilter,
  type FakeGemini,
  type FakeGeminiOptions,
  fault,
  type Reply,
} from '../testing/index.ts';
import { Usage } from './terminal.ts';

/** What a scenario file holds: the options of `fakeGemini()`, and what it plays. */
export interface Scenario {
  readonly options: Omit<FakeGeminiOptions, 'port' | 'now'>;
  /** Played once each, in this order. */
  readonly script: readonly Step[];
  /** Played whenever the script has nothing for a call. */
  readonly always: readonly Step[];
}

interface Step {
  readonly reply: Reply;
  readonly filter: CallFilter & { readonly times?: number };
}

const OPTIONS = ['models', 'keys', 'limits', 'minuteMs', 'tier', 'latencyMs', 'text'];
const KNOWN = [...OPTIONS, 'script', 'always'];
const STEP = ['fault', 'answer', 'with', 'times', 'model', 'method', 'key'];

/**
 * Reads the JSON of a scenario file.
 * @throws Usage one sentence on what is wrong with it
 */
export function readScenario(json: string): Scenario {
  let given: unknown;
  try {
    given = JSON.parse(json);
  } catch (error) {
    // The rest of that message quotes the file, which may hold keys.
    const [where = ''] = /(?:at|in) position \d+(?: \(line \d+ column \d+\))?/.exec((error as Error).message) ?? [];
    throw new Usage(`fake: the scenario is no JSON${where && `, ${where}`}.`);
  }
  const scenario = objectOf('the scenario', given, KNOWN);
  if (scenario.keys !== undefined && !Array.isArray(scenario.keys)) {
    throw new Usage('fake: `keys` must be an array of strings or of { key, project }.');
  }
  return {
    options: Object.fromEntries(Object.entries(scenario).filter(([name]) => OPTIONS.includes(name))),
    script: stepsOf('script', scenario.script, true),
    always: stepsOf('always', scenario.always, false),
  };
}

/** Sets a running fake to it. */
export function direct(fake: FakeGemini, { script, always }: Scenario): void {
  for (const { reply, filter } of script) fake.script(reply, filter);
  // The latest rule that fits wins; in a file the first one should.
  for (const { reply, filter } of [...always].reverse()) fake.always(reply, filter);
}

function stepsOf(list: string, given: unknown, once: boolean): Step[] {
  if (given === undefined) return [];
  if (!Array.isArray(given)) throw new Usage(`fake: \`${list}\` must be an array.`);
  return given.map((item, i) => stepOf(`${list}[${i}]`, item, once));
}

function stepOf(where: string, item: unknown, once: boolean): Step {
  const step = typeof item === 'string' ? { fault: item } : objectOf(where, item, once ? STEP : without('times'));
  const { fault: name, answer: text, with: given, ...filter } = step;
  if ((name === undefined) === (text === undefined)) {
    throw new Usage(`fake: \`${where}\` needs either \`fault\`, a name, or \`answer\`, a text.`);
  }
  try {
    return { reply: name === undefined ? answer(text as string) : faultOf(where, name, given), filter };
  } catch (error) {
    if (error instanceof Usage) throw error;
    throw new Usage(`fake: \`${where}\`: ${(error as Error).message}`);
  }
}

/** `with` is the argument of the fault, or the array of all of them. */
function faultOf(where: string, name: unknown, given: unknown): Reply {
  if (typeof name !== 'string' || !Object.hasOwn(fault, name)) {
    const near = typeof name === 'string' ? nearest(name, Object.keys(fault)) : undefined;
    const hint = near === undefined ? '' : ` Did you mean \`${near}\`?`;
    throw new Usage(`fake: \`${where}\` names no fault.${hint} Known: ${Object.keys(fault).join(', ')}.`);
  }
  const build = fault[name as keyof typeof fault] as (...args: unknown[]) => Reply;
  return build(...(given === undefined ? [] : Array.isArray(given) ? given : [given]));
}

function objectOf(what: string, given: unknown, known: readonly string[]): Record<string, unknown> {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new Usage(`fake: \`${what}\` must be an object.`);
  }
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue;
    const near = nearest(name, known);
    const hint = near === undefined ? '' : ` Did you mean \`${near}\`?`;
    throw new Usage(`fake: ${what} has an unknown member.${hint} Known: ${known.join(', ')}.`);
  }
  return given as Record<string, unknown>;
}

function without(name: string): string[] {
  return STEP.filter((other) => other !== name);
}
