import { ApiKey, type KeyOptions, labelOf } from '../api-key.ts';
import { GeminiError } from '../errors/gemini-error.ts';
import type { Board } from '../store/store.ts';

interface Entry {
  readonly key: ApiKey;
  /** The same in every process, and tells nothing of the key. */
  readonly mark: string;
  /** What other processes say of it does not count: it was added again while they said so. */
  isTrusted: boolean;
}

/** The keys there are, and which of them Google refuses. */
export class KeyRing {
  readonly #board: Board;
  readonly #entries: Entry[] = [];
  /** In the order of their benching. */
  readonly #benched = new Map<ApiKey, GeminiError>();
  #numbers = 0;

  constructor(keys: readonly KeyOptions[], board: Board) {
    this.#board = board;
    for (const key of keys) this.#entries.push(this.#made(key));
  }

  get size(): number {
    return this.#entries.length;
  }

  get keys(): ApiKey[] {
    return this.#entries.map(({ key }) => key);
  }

  /** Those that Google has not refused. */
  get usable(): ApiKey[] {
    return this.keys.filter((key) => !this.isBenched(key));
  }

  /** Where stored things are: the key that the client itself has put in, else the first. */
  home(mark: string): ApiKey {
    return (this.#entries.find((entry) => entry.mark === mark) ?? (this.#entries[0] as Entry)).key;
  }

  isBenched(key: ApiKey): boolean {
    // The only one is not taken out: it may recover, and there is nothing else to try.
    if (this.size === 1) return false;
    const entry = this.#entryOf(key) as Entry;
    const isHeard = this.#board.hears(noticeOf(entry));
    if (!isHeard) entry.isTrusted = false;
    return this.#benched.has(key) || (isHeard && !entry.isTrusted);
  }

  /** Takes a key out until somebody adds it again. False when it is out already, or the only one. */
  bench(key: ApiKey, error: GeminiError): boolean {
    const entry = this.#entryOf(key);
    if (!entry || this.size === 1 || this.#benched.has(key)) return false;
    this.#benched.set(key, error);
    this.#board.post(noticeOf(entry));
    return true;
  }

  /** Why nothing is sent: the refusal of this key, or of the one that was benched first. */
  verdict(key?: ApiKey): GeminiError {
    const [first] = this.#benched.values();
    const error = (key && this.#benched.get(key)) ?? first ?? new GeminiError('invalid_credentials');
    return error.with({ source: 'guard' });
  }

  /** @throws TypeError */
  add(given: KeyOptions): void {
    const at = this.#entries.findIndex(({ key }) => key.reveal() === given.key);
    const known = this.#entries[at];
    if (known && !this.isBenched(known.key)) throw taken(known.key);
    const { label, project } = known?.key ?? {};
    const entry = this.#made({ ...(known ? { label, project } : {}), ...given } as KeyOptions, known);
    if (known) this.#drop(at);
    this.#entries.splice(known ? at : this.size, 0, entry);
    entry.isTrusted = this.#board.hears(noticeOf(entry));
  }

  /** @throws TypeError */
  remove(label: string): void {
    const at = this.#entries.findIndex(({ key }) => key.label === label);
    const labels = this.keys.map((key) => key.label).join(', ');
    if (at < 0) throw new TypeError(`keys: there is no key of that label. There are: ${labels || 'none'}.`);
    if (this.size === 1) throw new TypeError('keys: the last key cannot be removed; add another one first.');
    this.#drop(at);
  }

  #made({ key: secret, label, project }: KeyOptions, inPlaceOf?: Entry): Entry {
    const others = this.keys.filter((key) => key !== inPlaceOf?.key);
    const double = others.find((key) => key.reveal() === secret);
    if (double) throw taken(double);
    const name = label ?? this.#nextLabel();
    if (others.some((key) => key.label === name)) throw new TypeError('keys: two keys have the same `label`.');
    const key = new ApiKey(secret, name, project ?? name, () => this.keys);
    if (key.secrets().some((hidden) => `${key.label} ${key.project}`.includes(hidden)))
      throw new TypeError('keys: a `label` or `project` contains a key, and would be shown.');
    return { key, mark: labelOf(secret), isTrusted: false };
  }

  /** By position; a number is not given twice, since quotas are counted under it. */
  #nextLabel(): string {
    for (;;) {
      this.#numbers = Math.max(this.#numbers, this.size) + 1;
      const label = `key-${this.#numbers}`;
      if (!this.keys.some((key) => key.label === label)) return label;
    }
  }

  #drop(at: number): void {
    const [entry] = this.#entries.splice(at, 1) as [Entry];
    if (this.#benched.delete(entry.key)) this.#board.withdraw(noticeOf(entry));
  }

  #entryOf(key: ApiKey): Entry | undefined {
    return this.#entries.find((entry) => entry.key === key);
  }
}

function noticeOf({ mark }: Entry): string {
  return `benched key ${mark}`;
}

function taken({ label }: ApiKey): TypeError {
  return new TypeError(`keys: that key is there already, as \`${label}\`.`);
}
