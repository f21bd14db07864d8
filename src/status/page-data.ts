/** How things are; each has a colour, a shape and words. */
export type Tone = 'good' | 'watch' | 'bad' | 'idle';

export interface Headline {
  readonly tone: Tone;
  /** One sentence. */
  readonly text: string;
  /** What it means and what to do; what else there is to say. */
  readonly more: string;
  /** For the title of the window. */
  readonly short: string;
}

export interface Tile {
  readonly label: string;
  readonly value: string;
  readonly note: string;
}

/** The lines of the charts: a number for each step, the newest last. Times in milliseconds; null where there is nothing to tell. */
export interface Series {
  readonly endsAt: number;
  readonly stepMs: number;
  /** Requests a minute. */
  readonly answered: readonly (number | null)[];
  readonly refused: readonly (number | null)[];
  readonly failed: readonly (number | null)[];
  readonly typical: readonly (number | null)[];
  readonly slow: readonly (number | null)[];
}

export interface State {
  readonly tone: Tone;
  readonly text: string;
  readonly note: string;
}

/** One limit and how much of it is used. */
export interface QuotaLine {
  readonly name: string;
  readonly text: string;
  readonly used: number;
  readonly limit: number;
}

/** What a model or a key has done, in words. */
export interface Work {
  readonly requests: string;
  readonly failed: string;
  readonly tokens: string;
  readonly cost: string;
}

export interface ModelRow extends Work {
  readonly name: string;
  readonly note: string;
  readonly state: State;
  readonly quota: readonly QuotaLine[];
  readonly p95: string;
}

export interface KeyRow extends Work {
  readonly name: string;
  readonly project: string;
  readonly state: State;
}

export interface ProblemRow {
  readonly at: number;
  readonly kind: string;
  /** Which model and key, and how often. */
  readonly where: string;
  readonly cause: string;
  readonly cure: string;
}

/** All that the page shows: it draws, and knows nothing. No key, prompt, caller, nor a text of Google's. */
export interface PageData {
  readonly at: number;
  readonly headline: Headline;
  /** Whose numbers these are. */
  readonly source: string;
  readonly tiles: readonly Tile[];
  readonly series: Series;
  readonly models: readonly ModelRow[];
  readonly keys: readonly KeyRow[];
  readonly problems: readonly ProblemRow[];
  readonly foot: string;
}
