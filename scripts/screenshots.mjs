// The pictures of the status page in docs/: five minutes of traffic with some bad weather in it, played twenty times as fast.
// `npm run build && npm run screenshots [folder]`. Needs Chromium (scripts/chromium.mjs).
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { GoogleGenAI } from '@google/genai';
import express from 'express';
import { chromium } from 'playwright-core';
import { geminiGuard } from '../dist/esm/index.js';
import { statusPage } from '../dist/esm/status/index.js';
import { answer, fakeGemini, fault } from '../dist/esm/testing/index.js';

const SPEED = 20;
const LASTS_MS = 330_000;
const FLASH = 'gemini-3.8-flash';
const LITE = 'gemini-3.5-flash-lite';

const folder = process.argv[2] ?? fileURLToPath(new URL('../docs', import.meta.url));
const { stdout, stderr, status } = spawnSync(
  process.execPath,
  [fileURLToPath(new URL('chromium.mjs', import.meta.url))],
  {
    encoding: 'utf8',
  },
);
if (status !== 0) throw new Error(stderr);
const browser = await chromium.launch({ executablePath: stdout.trim(), args: ['--no-sandbox', '--disable-gpu'] });

const begun = performance.now();
const epoch = Date.UTC(2026, 10, 24, 14, 30) - LASTS_MS;
// It stands still while the pictures are taken.
const now = () => Math.min(LASTS_MS, (performance.now() - begun) * SPEED);
const clock = {
  now,
  date: () => epoch + now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms / SPEED),
  clearTimeout,
};

/** The same each time. */
let seed = 7;
function random() {
  seed = (seed * 48_271) % 2_147_483_647;
  return seed / 2_147_483_647;
}

/** Mostly fine, with an overload that lasts for half a minute. */
function reply({ model }) {
  const isOverloaded = now() > 150_000 && now() < 185_000 && model === FLASH;
  const luck = random();
  if (luck < (isOverloaded ? 0.4 : 0.02)) return fault.overloaded();
  if (luck < (isOverloaded ? 0.5 : 0.03)) return fault.internal();
  if (luck > 0.995) return fault.blockedPrompt();
  const usage = {
    promptTokenCount: 900 + Math.round(random() * 2400),
    candidatesTokenCount: 150 + Math.round(random() * 500),
  };
  return answer('Rayleigh scattering.', { usage });
}

const gemini = await fakeGemini({ latencyMs: () => (600 + random() ** 3 * 2400) / SPEED });
gemini.always(reply);
const guard = geminiGuard({
  log: false,
  rateLimit: false,
  clock,
  keys: [
    { key: 'a-key-of-the-shop-0123', project: 'shop', label: 'shop' },
    { key: 'a-key-of-the-blog-0123', project: 'blog', label: 'blog' },
  ],
  quota: { limits: { [FLASH]: { rpm: 300, rpd: 1000 }, [LITE]: { rpm: 500 } } },
});
const ai = new GoogleGenAI({
  apiKey: 'unused-unused-unused',
  httpOptions: { baseUrl: gemini.url, fetch: guard.fetch },
});
const app = express().use('/_gemini', statusPage(guard));
app.use(guard);
app.get('/', async (req, res) => {
  const { text } = await ai.models.generateContent({ model: req.query.model, contents: 'Why is the sky blue?' });
  res.json({ text });
});
const server = app.listen(0, '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));
const url = `http://127.0.0.1:${server.address().port}`;

const visits = new Set();
while (now() < LASTS_MS) {
  // Four to eight visitors a second of the time that is shown.
  const visit = fetch(`${url}/?model=${random() < 0.7 ? FLASH : LITE}`).finally(() => visits.delete(visit));
  visits.add(visit);
  await sleep(1000 / SPEED / (5 + 2 * Math.sin(now() / 40_000) + random()));
}

mkdirSync(folder, { recursive: true });
for (const colorScheme of ['light', 'dark']) {
  const page = await browser.newPage({
    colorScheme,
    locale: 'en-GB',
    timezoneId: 'UTC',
    viewport: { width: 1120, height: 900 },
  });
  await page.goto(`${url}/_gemini`);
  await page.locator('#problems li').first().waitFor();
  const path = join(folder, colorScheme === 'light' ? 'status-page.png' : 'status-page-dark.png');
  await page.screenshot({ path, fullPage: true });
  console.log(path);
}
await browser.close();
await Promise.allSettled(visits);
server.closeAllConnections();
server.close();
await guard.close({ graceMs: 0 });
await gemini.close();
