import { h } from './dom.js';

export const tiles = (all) =>
  all.map(({ label, value, note }) =>
    h('div', {}, h('dt', {}, label), h('dd', {}, h('b', {}, value), h('small', {}, note))),
  );

/** What a state looks like without its colour. */
const SHAPES = {
  good: 'M6 1a5 5 0 1 1 0 10A5 5 0 0 1 6 1Z',
  watch: 'M6 .5 11.8 11H.2Z',
  bad: 'M1 1h10v10H1Z',
  idle: 'M6 1a5 5 0 1 1 0 10A5 5 0 0 1 6 1Zm0 2a3 3 0 1 0 0 6 3 3 0 0 0 0-6Z',
};

function state({ tone, text, note }) {
  const shape = h('svg', { viewBox: '0 0 12 12', 'aria-hidden': 'true' }, h('path', { d: SHAPES[tone] }));
  return [h('span.state', { 'data-tone': tone }, shape, text), note ? h('small', {}, note) : ''];
}

function quota({ name, text, used, limit }) {
  const share = (used / limit) * 100;
  const line = h('path', { d: `M0 3H${Math.round(share)}` });
  const box = { viewBox: '0 0 100 6', preserveAspectRatio: 'none', 'data-tone': share >= 90 ? 'watch' : 'good' };
  const said = { role: 'meter', 'aria-label': name, 'aria-valuemin': 0, 'aria-valuemax': limit, 'aria-valuenow': used };
  return h('div.quota', {}, h('svg.bar', { ...box, ...said }, line), h('span', {}, text));
}

/** Columns: name, what stands in a cell, whether it is a number. Roles, because on a phone its rows are blocks. */
function table(label, columns, rows) {
  const cell =
    (row) =>
    ([name, draw, kind = ''], at) => {
      const content = [draw(row)].flat().filter((part) => part !== '' && part !== undefined);
      const empty = content.length === 0 ? { 'data-empty': '' } : {};
      return h(`td${kind}`, { role: 'cell', ...(at > 0 ? { 'data-name': name } : {}), ...empty }, ...content);
    };
  const heads = columns.map(([name, , kind = '']) => h(`th${kind}`, { scope: 'col', role: 'columnheader' }, name));
  return h(
    'table',
    { role: 'table', 'aria-labelledby': label },
    h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, ...heads)),
    h('tbody', { role: 'rowgroup' }, ...rows.map((row) => h('tr', { role: 'row' }, ...columns.map(cell(row))))),
  );
}

const none = (text) => h('p.none', {}, text);

export const models = (rows) =>
  rows.length === 0
    ? none('No model has been called yet.')
    : table(
        'models-title',
        [
          ['Model', ({ name, note }) => [name, note ? h('small', {}, note) : '']],
          ['State', ({ state: given }) => state(given)],
          ['Quota', ({ quota: limits }) => limits.map(quota), '.quotas'],
          ['Requests', ({ requests }) => requests, '.n'],
          ['Failed', ({ failed }) => failed, '.n'],
          ['p95', ({ p95 }) => p95, '.n'],
          ['Tokens', ({ tokens }) => tokens, '.n'],
          ['Cost', ({ cost }) => cost, '.n'],
        ],
        rows,
      );

export const keys = (rows) =>
  rows.length === 0
    ? none('No key has been used yet.')
    : table(
        'keys-title',
        [
          ['Label', ({ name }) => name],
          ['State', ({ state: given }) => state(given)],
          ['Project', ({ project }) => project, '.t'],
          ['Requests', ({ requests }) => requests, '.n'],
          ['Failed', ({ failed }) => failed, '.n'],
          ['Tokens', ({ tokens }) => tokens, '.n'],
          ['Cost', ({ cost }) => cost, '.n'],
        ],
        rows,
      );

export const problems = (rows) =>
  rows.length === 0
    ? none('None so far.')
    : h(
        'ul',
        {},
        ...rows.map(({ at, kind, where, cause, cure }) =>
          h(
            'li',
            {},
            h('time', { datetime: new Date(at).toISOString() }, new Date(at).toLocaleTimeString()),
            h(
              'div',
              {},
              h('p', {}, h('code', {}, kind), ' ', h('span.where', {}, where)),
              h('p', {}, cause),
              h('p.cure', {}, cure),
            ),
          ),
        ),
      );
