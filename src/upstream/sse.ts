/** One server-sent event: its data, its name, and where it lay in the text that was pushed. */
export interface SseEvent {
  /** `data:` lines joined; raw text where Google broke the format and sent bare JSON between events. */
  readonly data: string;
  readonly name: string;
  /** Offset in the last pushed text at which the event began; 0 or less when it began earlier. */
  readonly start: number;
}

/** Splits text into events as it arrives. Keeps the unfinished rest, at most `limit` characters of it. */
export class SseReader {
  /** Pieces of an event that has begun: joined once, when it ends, so that a huge event costs no more than its length. */
  #pieces: string[] = [];
  #length = 0;
  /** A blank line may lie across pushes: three characters are enough to see it. */
  #tail = '';
  /** Where the unfinished event began in the last pushed text; 0 when it began earlier. */
  #start = 0;
  readonly #limit: number;

  /** @param limit longest unfinished event in characters. Default 32 MiB: inline images arrive in one event. */
  constructor(limit: number = 32 * 1024 * 1024) {
    this.#limit = limit;
  }

  push(text: string): SseEvent[] {
    const events: SseEvent[] = [];
    const overlap = this.#tail;
    let all = overlap + text;
    let start = 0 - this.#length;
    let consumed = -overlap.length;
    for (let end = blankLine(all); end; end = blankLine(all)) {
      const block = this.#take(consumed < 0 ? text.slice(0, Math.max(0, end.from + consumed)) : all.slice(0, end.from));
      const event = read(block, start);
      if (event) events.push(event);
      all = all.slice(end.to);
      consumed += end.to;
      start = consumed;
    }
    this.#start = Math.max(0, consumed);
    this.#keep(consumed < 0 ? text : all);
    this.#tail = all.slice(-3);
    return events;
  }

  /**
   * An unfinished event that is no event but bare JSON, which Google sends now and then when a stream fails: what has
   * come of it, and where it began in the last pushed text.
   */
  get bare(): { text: string; start: number } | undefined {
    const first = this.#pieces[0]?.trimStart();
    if (!first || !/^[[{]/.test(first)) return undefined;
    return { text: this.#pieces.join(''), start: this.#start };
  }

  /** What is left at the end of the stream, as an event: a last one may lack its blank line. */
  end(): SseEvent | undefined {
    return read(this.#take(''), 0);
  }

  #take(last: string): string {
    const block = this.#pieces.join('') + last;
    this.#pieces = [];
    this.#length = 0;
    return block;
  }

  #keep(text: string): void {
    if (text) this.#pieces.push(text);
    this.#length += text.length;
    if (this.#length > this.#limit) throw new RangeError('an event of the stream is too long');
  }
}

/** The next end of an event: two line ends, in any of the three styles that SSE allows. */
const BLANK_LINE = /\r\n\r\n|\n\r?\n|\r\r/;

function blankLine(text: string): { from: number; to: number } | undefined {
  const found = BLANK_LINE.exec(text);
  return found ? { from: found.index, to: found.index + found[0].length } : undefined;
}

function read(block: string, start: number): SseEvent | undefined {
  // As Google sends nearly all: one line.
  const isPlain = block.length > 6 && block.startsWith('data: ') && !block.includes('\n') && !block.includes('\r');
  if (isPlain) return { data: block.slice(6), name: '', start };
  let name = '';
  const data: string[] = [];
  const bare: string[] = [];
  for (const line of block.split(/\r\n|\n|\r/)) {
    if (line.startsWith('data:')) data.push(line.slice(5).replace(/^ /, ''));
    else if (line.startsWith('event:')) name = line.slice(6).trim();
    else if (line && !/^(?::|id:|retry:)/.test(line)) bare.push(line);
  }
  // Fields that nobody knows are to be ignored (WHATWG HTML, section 9.2.6); what begins like JSON is no field.
  const json = /^\s*[[{]/.test(bare[0] ?? '') ? bare.join('\n') : '';
  const text = data.length > 0 ? data.join('\n') : json;
  return text ? { data: text, name, start } : undefined;
}
