import { systemClock } from '../clock.ts';
import type { RedisLink } from './redis-link.ts';
import { type Script, script } from './script.ts';
import type { Board } from './store.ts';

/** Put up while somebody looks at the page of a process: then all others tell what they have. */
const NOTICE = 'page';
/** So long after the last look: a page that nobody sees asks each ten seconds. */
const WATCHED_MS = 15_000;
/** A snapshot is told again after this long at the earliest, and read again. */
const TOLD_MS = 1500;
const READ_MS = 900;
/** An older one is of a process that is gone, or whose clock is its own. */
const OLD_MS = 8000;
/** A larger one is not told: what others are kept from by it is worth more. */
const BYTES_MOST = 512 * 1024;

/** ARGV: process, its snapshot (nothing: it leaves). */
const TELL: Script = script(`
if ARGV[2] == '' then redis.call('HDEL', KEYS[1], ARGV[1]) return 0 end
local time = redis.call('TIME')
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f ', tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)) .. ARGV[2])
redis.call('PEXPIRE', KEYS[1], 30000)
return 1
`);

/** ARGV: process, how old a snapshot may be. Answers those of the others. */
const READ: Script = script(`
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local answer, all = {}, redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local space = string.find(all[i + 1], ' ', 1, true)
  if now - tonumber(string.sub(all[i + 1], 1, space - 1)) > tonumber(ARGV[2]) then redis.call('HDEL', KEYS[1], all[i])
  elseif all[i] ~= ARGV[1] then answer[#answer + 1] = string.sub(all[i + 1], space + 1) end
end
return answer
`);

/** What processes show each other of themselves: as long as somebody looks, and never in the way of a call. */
export class Snapshots {
  readonly #link: RedisLink;
  readonly #board: Board;
  readonly #key: string;
  readonly #process: string;
  #make: () => string = () => '';
  #lookedAt = Number.NEGATIVE_INFINITY;
  #toldAt = Number.NEGATIVE_INFINITY;
  #readAt = Number.NEGATIVE_INFINITY;
  #read: Promise<string[]> = Promise.resolve([]);

  /** @param process names this process to the others */
  constructor(link: RedisLink, board: Board, prefix: string, process: string) {
    this.#link = link;
    this.#board = board;
    this.#key = `${prefix}page`;
    this.#process = process;
  }

  /** @param make what this process shows of itself where somebody looks */
  show(make: () => string): void {
    this.#make = make;
  }

  /** Those of the others: none while Redis is out of reach, and at the very first look. */
  look(): Promise<string[]> {
    const now = systemClock.now();
    this.#lookedAt = now;
    this.#board.post(NOTICE);
    if (now - this.#readAt >= READ_MS) {
      this.#readAt = now;
      this.#read = this.#link.aside(READ, this.#key, [this.#process, String(OLD_MS)]).then(
        (reply) => (reply as unknown[]).map(String),
        () => [],
      );
    }
    return this.#read;
  }

  /** With each sign of life. */
  beat(): void {
    const now = systemClock.now();
    if (now - this.#lookedAt > WATCHED_MS) this.#board.withdraw(NOTICE);
    if (!this.#board.hears(NOTICE) || now - this.#toldAt < TOLD_MS) return;
    this.#toldAt = now;
    const text = this.#make();
    if (text !== '' && text.length <= BYTES_MOST) this.#tell(text).catch(() => {});
  }

  /** Takes out what this process has told. */
  async leave(): Promise<void> {
    if (this.#toldAt > 0) await this.#tell('').catch(() => {});
  }

  async #tell(text: string): Promise<void> {
    await this.#link.aside(TELL, this.#key, [this.#process, text]);
  }
}
