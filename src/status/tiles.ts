import type { Facts } from './facts.ts';
import type { Tile } from './page-data.ts';
import { amount, count, money, percent, span } from './words.ts';

/** The six numbers of the page. */
export function tilesOf({ minute, total, costTodayUsd, since, at }: Facts): Tile[] {
  const lost = minute.failed + minute.refused;
  const [half, slow] = [minute.within(0.5), minute.within(0.95)];
  const { input, output, thoughts } = total.tokens;
  const age = span(Math.max(0, at - since));
  return [
    { label: 'Requests', value: amount(minute.requests), note: 'in the last minute' },
    {
      label: 'Went wrong',
      value: minute.requests === 0 ? '\u2013' : percent(lost / minute.requests),
      note: `${amount(minute.failed)} upstream, ${amount(minute.refused)} here`,
    },
    {
      label: 'Time to answer',
      value: slow === undefined ? '\u2013' : span(slow),
      note: half === undefined ? '95 % are faster' : `95 % are faster, half within ${span(half)}`,
    },
    {
      label: 'Saved',
      value: amount(total.saved),
      note: `${total.saved === 1 ? 'answer' : 'answers'} by a retry or a wait`,
    },
    {
      label: 'Tokens',
      value: amount(input + output + thoughts),
      note: `${amount(input)} in, ${amount(output + thoughts)} out`,
    },
    {
      label: 'Cost today',
      value: money(costTodayUsd),
      note:
        total.unpricedRequests > 0
          ? `without ${count(total.unpricedRequests, 'request')} of unknown price`
          : `${money(total.costUsd)} in ${age}`,
    },
  ];
}
