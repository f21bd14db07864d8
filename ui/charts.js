import uPlot from 'uplot';
import { $, h, t } from './dom.js';

/** Lines by colour, dash and width: each tells them apart by itself. */
const FLOW = {
  id: 'flow',
  lines: [
    { name: 'answered', of: 'answered', dash: [], area: true },
    { name: 'refused here', of: 'refused', dash: [7, 5] },
    { name: 'failed upstream', of: 'failed', dash: [2, 4] },
  ],
  text: (value) => (value < 10 ? `${Math.round(value * 10) / 10}` : `${Math.round(value)}`),
  least: 10,
};
const TIME = {
  id: 'time',
  lines: [
    { name: 'half are faster', of: 'typical', dash: [] },
    { name: '95 % are faster', of: 'slow', dash: [7, 5] },
  ],
  text: (ms) => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`),
  least: 100,
};

const charts = new Map();
let last;

export function drawCharts(series) {
  last = series;
  for (const kind of [FLOW, TIME]) draw(kind, series);
}

function draw(kind, { endsAt, stepMs, ...values }) {
  const rows = kind.lines.map(({ of }) => values[of]);
  const count = rows[0].length;
  const times = Array.from({ length: count }, (_, i) => (endsAt - (count - 1 - i) * stepMs) / 1000);
  const chart = charts.get(kind) ?? made(kind);
  chart.plot.setData([times, ...rows]);
  chart.now = rows.map((row) => row.at(-1));
  legend(kind, chart.now, chart);
  const said = kind.lines.map(({ name }, i) => `${name}: ${told(kind, chart.now[i])}`).join(', ');
  const label = `Line chart of the last ${Math.round((count * stepMs) / 60_000)} minutes. Now ${said}.`;
  if ($(kind.id).getAttribute('aria-label') !== label) $(kind.id).setAttribute('aria-label', label);
}

const told = ({ text }, value) => (value === null || value === undefined ? '\u2013' : text(value));

/** Beside the names: the last values, or those under the pointer. */
function legend(kind, values, chart) {
  for (const [i, place] of chart.values.entries()) t(place, told(kind, values[i]));
}

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function made(kind) {
  const place = $(kind.id);
  const soft = colour('soft');
  const grid = { stroke: colour('line'), width: 1 };
  const time = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' });
  const axis = { stroke: soft, font: '12px system-ui, sans-serif', ticks: { show: false } };
  const plot = new uPlot(
    {
      width: place.clientWidth,
      height: place.clientHeight,
      padding: [8, 26, 0, 0],
      legend: { show: false },
      cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false } },
      scales: { y: { range: (_, __, most) => [0, Math.max(kind.least, (most ?? 0) * 1.1)] } },
      axes: [
        {
          ...axis,
          grid: { show: false },
          size: 30,
          space: 90,
          incrs: [60, 120, 300, 600],
          values: (_, at) => at.map((second) => time.format(second * 1000)),
        },
        { ...axis, grid, size: 52, space: 40, values: (_, all) => all.map(kind.text) },
      ],
      series: [
        {},
        ...kind.lines.map(({ of, dash, area }) => ({
          stroke: colour(of),
          width: 2,
          dash,
          points: { show: false },
          ...(area ? { fill: colour('area') } : {}),
        })),
      ],
      hooks: {
        setCursor: [
          ({ cursor: { idx }, data }) => {
            const chart = charts.get(kind);
            if (chart)
              legend(kind, idx === null || idx === undefined ? chart.now : data.slice(1).map((row) => row[idx]), chart);
          },
        ],
      },
    },
    [[], ...kind.lines.map(() => [])],
    place,
  );
  const values = kind.lines.map(() => h('b'));
  $(`${kind.id}-legend`).replaceChildren(
    ...kind.lines.map(({ name, of, dash }, i) => {
      const line = h('path', { d: 'M0 4h26', stroke: colour(of), 'stroke-dasharray': dash.join(' ') });
      return h('li', {}, h('svg', { viewBox: '0 0 26 8', 'aria-hidden': 'true' }, line), `${name} `, values[i]);
    }),
  );
  const chart = { plot, values, now: [] };
  charts.set(kind, chart);
  return chart;
}

function again() {
  for (const { plot } of charts.values()) plot.destroy();
  charts.clear();
  if (last) drawCharts(last);
}

// Colours are read when a chart is made.
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', again);
new ResizeObserver(() => {
  for (const [{ id }, { plot }] of charts) {
    const { clientWidth: width, clientHeight: height } = $(id);
    if (plot.width !== width) plot.setSize({ width, height });
  }
}).observe(document.body);
