import { node } from './node.ts';

/** A key as a user hands it over. */
export interface KeyOptions {
  /** The key itself. */
  key: string;
  /**
   * The Google Cloud project that it belongs to: keys of one project share its quotas.
   * @default its label
   */
  project?: string;
  /**
   * A name for it in logs, events and status.
   * @default `key-1`, `key-2`, ...
   */
  label?: string;
}

/** One key as others may see it. */
export interface KeyStatus {
  readonly label: string;
  readonly project: string;
  /** `resting`: a quota of its project is used up; `benched`: Google refuses the key. */
  readonly state: 'active' | 'resting' | 'benched';
}

/** The keys of a guard: labels, projects and states, never a key. */
export interface Keys {
  /**
   * From the next attempt on. A benched key that is added again is tried again.
   * @throws TypeError when it cannot be a key, or is there already
   */
  add(key: string | KeyOptions): void;
  /**
   * From the next attempt on.
   * @throws TypeError when there is no such key, or no other
   */
  remove(label: string): void;
  list(): KeyStatus[];
}

const withoutPart = (): never => {
  throw new TypeError('guard.keys: this guard has no part `keys`, or it is switched off.');
};
/** Those of a guard whose part `keys` is off. */
export const NO_KEYS: Keys = { add: withoutPart, remove: withoutPart, list: () => [] };

/** One API key. Nothing shows what it is: not inspect, not JSON, not a text made of it. */
export class ApiKey {
  /** A name for it in logs, events and status. */
  readonly label: string;
  /** Whose quotas it uses up: keys of one project share them. */
  readonly project: string;
  readonly #secret: string;
  readonly #ring: () => readonly ApiKey[];

  /** @param ring the keys that it is used along with */
  constructor(secret: string, label: string, project: string, ring: () => readonly ApiKey[] = () => []) {
    this.#secret = secret;
    this.label = label;
    this.project = project;
    this.#ring = ring;
  }

  /** For the header that Google reads, and for nothing else. */
  reveal(): string {
    return this.#secret;
  }

  /** What must not be shown of an answer: this key, and those beside it. */
  secrets(): string[] {
    return [...new Set([this.#secret, ...this.#ring().map((key) => key.#secret)])];
  }
}

const LABELS_KEPT = 1000;
const labels = new Map<string, string>();

/** A short name for a key that tells nothing of it, the same in every process. */
export function labelOf(secret: string): string {
  let label = labels.get(secret);
  if (label === undefined) {
    label = node.crypto.createHash('sha256').update(secret).digest('hex').slice(0, 8);
    if (labels.size >= LABELS_KEPT) labels.clear();
    labels.set(secret, label);
  }
  return label;
}

/**
 * fetch would print the whole value in its own error, both keys of it.
 * @throws TypeError that tells position and length, never the value
 */
export function checkKey(who: string, what: string, key: string): void {
  const position = key.search(/[^\x21-\x7e]/);
  if (position < 0) return;
  throw new TypeError(
    `${who}: ${what} must hold one key of printable characters; character ${position + 1} of ${key.length} is not. Two keys in one value?`,
  );
}
