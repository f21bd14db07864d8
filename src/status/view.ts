import type { Insight } from '../insight.ts';
import { PRICES_OF } from '../observe/prices.ts';
import { type Facts, factsOf } from './facts.ts';
import { headlineOf } from './headline.ts';
import { seriesOf } from './lines.ts';
import type { PageData } from './page-data.ts';
import { keyRows, modelRows, problemRows } from './rows.ts';
import { tilesOf } from './tiles.ts';
import { span } from './words.ts';

/** What the page shows now. */
export async function viewOf(insight: Insight): Promise<PageData> {
  const others = await insight.others();
  const facts = factsOf(insight, [insight.snapshot(), ...others]);
  return {
    at: facts.at,
    headline: headlineOf(facts),
    source: sourceOf(facts),
    tiles: tilesOf(facts),
    series: seriesOf(facts),
    models: modelRows(facts.models, facts.heard),
    keys: keyRows(facts.keys),
    problems: problemRows(facts.problems),
    foot: `Numbers of models and keys since the start ${span(facts.at - facts.since)} ago. Prices of ${PRICES_OF}, in US dollars; today began at midnight UTC.`,
  };
}

/** Whose numbers these are. */
export function sourceOf({ redis, heard }: Pick<Facts, 'redis' | 'heard'>): string {
  if (!redis) return 'This process';
  if (!redis.isUp) return 'This process alone: Redis is out of reach';
  if (redis.processes <= heard) return heard === 1 ? 'One process, Redis answers' : `${heard} processes together`;
  return `${heard} of ${redis.processes} processes, the others have not told yet`;
}
