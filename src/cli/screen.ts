import { styleText } from 'node:util';
import type { Side, Sum } from './sum.ts';
import type { Visit } from './visitor.ts';

type Style = Parameters<typeof styleText>[0];
export type Paint = (style: Style, text: string) => string;

/** Paints for a terminal; plain text where colours are not wanted or not shown. */
export function painter(stream: { isTTY?: boolean }, wanted: boolean, env: NodeJS.ProcessEnv): Paint {
  const colours = wanted && stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
  return (style, text) => (colours ? styleText(style, text, { validateStream: false }) : text);
}

// 99 columns in all.
const NUMBER = 4;
const BARE = 41;
const GUARDED = 37;
const TIME = 7;

/** Heads of the columns. */
export function heading(paint: Paint): string {
  const [bare, guarded] = ['bare Express', 'with app.use(geminiGuard())'];
  return paint('bold', `${''.padEnd(NUMBER)}${bare.padEnd(BARE + TIME + 3)}${guarded}`);
}

/** One visitor, both servers. */
export function line(visitor: number, bare: Visit, guarded: Visit, paint: Paint): string {
  const number = `${String(visitor).padStart(NUMBER - 1)} `;
  return `${number}${cell(bare, BARE, paint)}   ${cell(guarded, GUARDED, paint)}`;
}

function cell(visit: Visit, width: number, paint: Paint): string {
  const style = visit.kind === 'answer' ? 'green' : visit.kind === 'problem' ? 'yellow' : 'red';
  return `${paint(style, words(visit).padEnd(width))}${paint('dim', span(visit.ms).padStart(TIME))}`;
}

function words({ kind, status, code, retryAfterMs, leaks }: Visit): string {
  if (kind === 'gave up') return '--- no answer, gave up';
  if (kind === 'answer') return `${status} answer`;
  if (kind === 'empty') return `${status} JSON without a text`;
  if (kind === 'html') return `${status} HTML: ${leaks.join(', ') || 'a bare page'}`;
  return `${status} ${code}${retryAfterMs === undefined ? '' : `, wait ${span(retryAfterMs)}`}`;
}

/** `12 ms`, `3.2 s`, `5 h 31 min`. */
export function span(ms: number): string {
  if (Math.round(ms) < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const minutes = Math.ceil(ms / 60_000);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const ROWS: readonly [string, (sum: Sum) => string][] = [
  ['visitors', ({ visitors }) => String(visitors)],
  ['answered', ({ answered }) => String(answered)],
  ['told why not, in JSON', ({ problems }) => String(problems)],
  ['got a page of HTML', ({ html }) => String(html)],
  ['got JSON without a text', ({ empty }) => String(empty)],
  ['gave up waiting', ({ gaveUp }) => String(gaveUp)],
  ['upstream calls spent', ({ upstreamCalls }) => String(upstreamCalls)],
  ['slowest', ({ slowestMs }) => span(slowestMs)],
  ['leaked internals', ({ leaked }) => String(leaked)],
];

/** The closing table. */
export function table({ bare, guarded }: Record<Side, Sum>, paint: Paint): string {
  const row = (name: string, left: string, right: string): string =>
    `  ${name.padEnd(26)}${left.padStart(14)}${right.padStart(18)}`;
  return [
    paint('bold', row('', 'bare Express', 'geminiGuard()')),
    ...ROWS.map(([name, of]) => row(name, of(bare), of(guarded))),
  ].join('\n');
}
