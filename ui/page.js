import { drawCharts } from './charts.js';
import { $, put, t } from './dom.js';
import { keys, models, problems, tiles } from './parts.js';

const EVERY_MS = 1000;
const HIDDEN_MS = 10_000;
/** Between two tries while the server does not answer. */
const TROUBLED_MS = 3000;
/** A server that takes longer is in trouble. */
const PATIENCE_MS = 5000;

const DATA = `${location.pathname.replace(/\/$/, '')}/data`;
let data = JSON.parse($('first').textContent);
let timer;

function show() {
  const { headline, source, foot } = data;
  if ($('headline').dataset.tone !== headline.tone) $('headline').dataset.tone = headline.tone;
  t(document.querySelector('h1'), headline.text);
  t($('more'), headline.more);
  t($('source'), source);
  t($('foot'), foot);
  document.title = `${headline.short[0].toUpperCase()}${headline.short.slice(1)} \u00b7 Gemini guard`;
  put('tiles', data.tiles, tiles);
  // The page comes without the rest, so that it is there at once.
  if (!data.series) return;
  put('models', data.models, models);
  put('keys', data.keys, keys);
  put('problems', data.problems, problems);
  drawCharts(data.series);
}

const fresh = (text) => t($('fresh'), text);
const clock = (at) => new Date(at).toLocaleTimeString();

async function ask() {
  clearTimeout(timer);
  let nextMs = document.hidden ? HIDDEN_MS : EVERY_MS;
  try {
    const answer = await fetch(DATA, { cache: 'no-store', signal: AbortSignal.timeout(PATIENCE_MS) });
    if (!answer.ok) throw new Error(answer.status === 404 ? 'closed' : `${answer.status}`);
    data = await answer.json();
    show();
    fresh(`Live \u00b7 ${clock(data.at)}`);
  } catch ({ message }) {
    nextMs = Math.max(nextMs, TROUBLED_MS);
    const why = message === 'closed' ? 'This page is not open to you any more' : 'The server does not answer';
    fresh(`${why}; as of ${clock(data.at)}`);
  }
  timer = setTimeout(ask, nextMs);
}

show();
ask();
document.addEventListener('visibilitychange', () => document.hidden || ask());
