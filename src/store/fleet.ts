import { node } from '../node.ts';
import type { RedisLink } from './redis-link.ts';
import { type Script, script } from './script.ts';
import type { Board } from './store.ts';

/** A process that was silent for this long is dead: three beats, and some. */
const DEAD_MS = 3500;

/** ARGV: process, what it says (nothing: it leaves), how long a silent one lives. Answers the time, and those that live with what they say. */
const BEAT: Script = script(`
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
if ARGV[2] == '' then
  redis.call('HDEL', KEYS[1], ARGV[1])
  return {}
end
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f ', now) .. ARGV[2])
redis.call('PEXPIRE', KEYS[1], 60000)
local answer, all = { string.format('%.0f', now), redis.call('PTTL', KEYS[1]) }, redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local at, notices = string.match(all[i + 1], '^(%d+) (.*)$')
  if now - tonumber(at) > tonumber(ARGV[3]) then redis.call('HDEL', KEYS[1], all[i])
  else
    answer[#answer + 1] = all[i]
    answer[#answer + 1] = notices
  end
end
return answer
`);
/** What a process says with each sign of life. */
interface Words {
  readonly notices: readonly string[];
  readonly gates: readonly unknown[];
  /** It has told what it used while Redis was away. */
  readonly isIn: boolean;
}

/** The processes that share one Redis: how many live, and what they tell each other. */
export class Fleet implements Board {
  /** Names this process to the others. */
  readonly id: string = node.crypto.randomBytes(6).toString('hex');
  /** Live processes, this one included. */
  size = 1;
  /** Those of them that have told what they used while Redis was away. */
  joined = 0;
  readonly #link: RedisLink;
  readonly #key: string;
  readonly #posted = new Set<string>();
  #heard: ReadonlySet<string> = new Set();

  constructor(link: RedisLink, prefix: string) {
    this.#link = link;
    this.#key = `${prefix}fleet`;
  }

  post(notice: string): void {
    this.#posted.add(notice);
  }

  withdraw(notice: string): void {
    this.#posted.delete(notice);
  }

  hears(notice: string): boolean {
    return this.#heard.has(notice);
  }

  /**
   * Gives a sign of life, and takes in those of the others.
   * @param gates told to the others
   * @param isIn whether this process has told what it used while Redis was away
   * @param late called when the answer comes after all
   * @returns the time of Redis, and the gates of the others
   * @throws LOST when Redis does not answer
   */
  async beat<G>(gates: readonly G[], isIn: boolean, late?: () => void): Promise<{ now: number; gates: G[] }> {
    const words: Words = { notices: [...this.#posted], gates, isIn };
    const args = [this.id, JSON.stringify(words), String(DEAD_MS)];
    const reply = await this.#link.probe(BEAT, this.#key, args, (given) => given !== undefined && late?.());
    const [now, ttl, ...members] = (reply as unknown[]).map(String);
    if (!(Number(ttl) > 0)) {
      this.#link.lose('NO_TTL');
      throw new TypeError('what was written has no end');
    }
    const others: Words[] = [];
    for (let i = 0; i < members.length; i += 2) {
      if (members[i] !== this.id) others.push(...readWords(members[i + 1] as string));
    }
    this.size = others.length + 1;
    this.joined = others.filter((other) => other.isIn).length + Number(isIn);
    this.#heard = new Set(others.flatMap(({ notices }) => notices));
    return { now: Number(now), gates: others.flatMap((other) => other.gates as G[]) };
  }

  /** Takes this process out: the others need not wait until it is dead. */
  async leave(): Promise<void> {
    await this.#link.run(BEAT, this.#key, [this.id, '', '']).catch(() => {});
  }
}

/** Nothing, where another version of this package says something else. */
function readWords(text: string): Words[] {
  try {
    const { notices, gates, isIn } = JSON.parse(text) as Words;
    return Array.isArray(notices) && Array.isArray(gates) ? [{ notices, gates, isIn }] : [NOTHING];
  } catch {
    return [NOTHING];
  }
}

const NOTHING: Words = { notices: [], gates: [], isIn: true };
