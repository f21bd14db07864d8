import { createHash } from 'node:crypto';
import { compiled } from '../lua/compile.ts';
import { Table, type Value } from '../lua/library.ts';
import { command, copied, type Data, type Reply } from './commands.ts';

type Program = (globals: Record<string, Value>) => Value[];

/** Compiled once a process: the scripts are the same in all worlds. */
const programs = new Map<string, Program>();

/** A Redis in memory that runs the true scripts, one after the other. */
export class SimulatedRedis {
  /** Scripts that it has been told since it was started. */
  readonly #known = new Set<string>();
  readonly #time: () => number;
  #data: Data = new Map();
  #saved: Data = new Map();

  /** @param time its own wall clock, ms since 1970 */
  constructor(time: () => number) {
    this.#time = time;
  }

  /** @throws Error as Redis answers it */
  evalsha(sha: string, key: string, args: readonly string[]): unknown {
    const program = this.#known.has(sha) ? programs.get(sha) : undefined;
    if (!program) throw new Error('NOSCRIPT No matching script. Please use EVAL.');
    const now = this.#time();
    const call = (...given: Value[]): Value[] => {
      const [name, ...rest] = given.map(String);
      return [toLua(command(this.#data, now, name as string, rest))];
    };
    const redis = new Table();
    redis.set('call', call);
    return fromLua(program({ KEYS: Table.of([key]), ARGV: Table.of(args), redis })[0]);
  }

  eval(lua: string, key: string, args: readonly string[]): unknown {
    const sha = createHash('sha1').update(lua).digest('hex');
    if (!programs.has(sha)) programs.set(sha, compiled(lua));
    this.#known.add(sha);
    return this.evalsha(sha, key, args);
  }

  /** The sum of one field over all hashes. */
  sumOf(field: string): number {
    return [...this.#data.values()].reduce((sum, { fields }) => sum + Number(fields.get(field) ?? 0), 0);
  }

  /** Writes to disk. */
  save(): void {
    this.#saved = copied(this.#data);
  }

  /** Starts again, with what was saved last. */
  restart(isEmpty: boolean): void {
    this.#data = isEmpty ? new Map() : copied(this.#saved);
    this.#known.clear();
  }
}

function toLua(reply: Reply): Value {
  if (Array.isArray(reply)) return Table.of(reply.map(toLua));
  return reply ?? false;
}

/** Numbers lose what stands behind the point, and a list ends at its first nil, as in Redis. */
function fromLua(value: Value): unknown {
  if (value instanceof Table) return value.list().map(fromLua);
  if (typeof value === 'number') return Math.trunc(value);
  return value === true ? 1 : value === false || value === undefined ? null : value;
}
