import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import express from 'express';
import type { Browser, Page } from 'playwright-core';
import type { Guard } from '../../src/index.ts';
import { type StatusPageOptions, statusPage } from '../../src/status/index.ts';
import { answer, type FakeGemini, fakeGemini, fault } from '../../src/testing/index.ts';
import { ensureBuilt, ROOT } from '../cli/built.ts';
import { clientOf, listen, MODEL, quickGuard } from '../support.ts';
import { openChromium } from './chromium.ts';

// The first page of a fresh browser takes its time.
// A real browser on a machine that does other things too.
jest.retryTimes(2);

const TOKEN = 'correct-horse-battery-staple';
const SHOTS = join(ROOT, '.cache/screenshots');
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

let gemini: FakeGemini;
let browser: Browser;
let guard: Guard;
let url: string;
let page: Page;
/** What the browser complains of. */
let broken: string[];
const open: (() => Promise<void>)[] = [];

beforeAll(async () => {
  await ensureBuilt();
  mkdirSync(SHOTS, { recursive: true });
  gemini = await fakeGemini({ text: 'Rayleigh scattering.' });
  browser = await openChromium();
}, 120_000);
afterEach(async () => {
  await page?.close();
  await Promise.all(open.splice(0).map((close) => close()));
});
afterAll(async () => {
  await browser?.close();
  await gemini.close();
});

async function serve(options: StatusPageOptions = {}): Promise<() => Promise<void>> {
  gemini.reset();
  guard = quickGuard({
    keys: [
      { key: 'a-key-of-the-shop-0123', project: 'shop' },
      { key: 'a-key-of-the-blog-0123', project: 'blog' },
    ],
    quota: { limits: { [MODEL]: { rpm: 600, rpd: 100_000 } } },
    circuitBreaker: { minimumCalls: 5, maxWaitMs: 0 },
  });
  const app = express().use('/_gemini', statusPage(guard, options)).use(guard);
  const ai = clientOf(guard, gemini.url);
  app.get('/', async (req, res) => {
    const { text } = await ai.models.generateContent({ model: String(req.query.model ?? MODEL), contents: 'Why?' });
    res.json({ text });
  });
  const server = await listen(app);
  url = server.url;
  open.push(server.close, () => guard.close({ graceMs: 0 }));
  return server.close;
}

async function visit(path = '/_gemini', settings: Parameters<Browser['newPage']>[0] = {}): Promise<void> {
  page = await browser.newPage(settings);
  broken = [];
  page.on('pageerror', ({ message }) => broken.push(message));
  page.on('console', (message) => message.type() === 'error' && broken.push(message.text()));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      console.error(`CSP: ${event.violatedDirective} ${event.blockedURI}`);
    });
  });
  await page.goto(url + path);
}

async function ask(times = 1, model = MODEL): Promise<void> {
  await Promise.all(Array.from({ length: times }, () => fetch(`${url}/?model=${model}`)));
}

/** Fine, and what the weather of the demo brings. */
async function weather(): Promise<void> {
  await ask(20);
  await ask(4, 'gemini-3.5-flash-lite');
  gemini.script([fault.overloaded(), fault.internal(), answer('At last.'), fault.blockedPrompt(), fault.htmlPage()]);
  for (let i = 0; i < 4; i++) await ask();
}

async function until(read: () => Promise<unknown>, expected: unknown): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if ((await read()) === expected) return;
    await page.waitForTimeout(25);
  }
  expect(await read()).toBe(expected);
}

const headline = (): Promise<string | null> => page.locator('h1').textContent();
const fresh = (): Promise<string | null> => page.locator('#fresh').textContent();
const tile = (name: string): Promise<string | null> =>
  page.locator('#tiles div', { hasText: name }).locator('b').textContent();
const row = (name: string): ReturnType<Page['locator']> => page.locator('tbody tr', { hasText: name });

test('it follows what happens, without a reload', async () => {
  await serve();
  await visit();
  await until(headline, 'Ready. Nothing has been asked yet.');
  expect(await page.getByText('No model has been called yet.').isVisible()).toBe(true);
  await ask(3);
  await until(headline, 'All is well. 3 requests in the last minute, all of them answered.');
  await until(() => tile('Requests'), '3');
  expect(await row(MODEL).locator('.state').textContent()).toBe('up');
  await until(() => page.title(), 'All is well \u00b7 Gemini guard');

  gemini.script([fault.overloaded(), fault.overloaded(), fault.overloaded()]);
  await ask();
  const problem = page.locator('#problems li');
  await until(() => problem.count(), 1);
  expect(await problem.textContent()).toContain('Google has no capacity for this model right now.');
  expect(await problem.textContent()).toContain('Retry with jitter or use another model');

  gemini.always(fault.overloaded());
  await ask(8);
  await until(headline, `${MODEL} is down. Calls are held back.`);
  await until(() => row(MODEL).locator('.state').textContent(), 'down');
  expect(await page.locator('#headline').getAttribute('aria-live')).toBe('polite');
  expect(await page.locator('#headline').getAttribute('data-tone')).toBe('bad');
  expect(broken).toEqual([]);
});

test('under the weather of the demo nothing breaks, and no policy is violated', async () => {
  await serve();
  await visit();
  await weather();
  await until(() => page.locator('#problems li').count(), 4);
  expect(await page.locator('.chart canvas').count()).toBe(2);
  expect(await page.locator('#flow').getAttribute('aria-label')).toMatch(
    /^Line chart of the last 5 minutes\. Now answered: \d/,
  );
  await page.waitForTimeout(1500);
  expect(broken).toEqual([]);
  // The policy is at work: what has no nonce does not run.
  await page.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = 'globalThis.foreign = true';
    document.body.append(script);
  });
  await until(async () => broken.some((text) => text.includes('CSP: script-src-elem inline')), true);
  expect(await page.evaluate(() => 'foreign' in globalThis)).toBe(false);
});

describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
  test('axe has nothing to complain of, at first and in bad weather; on a phone too', async () => {
    await serve();
    await visit('/_gemini', { colorScheme, viewport: { width: 1200, height: 900 } });
    expect(await violations()).toEqual([]);
    await weather();
    guard.keys.add({ key: 'a-key-of-the-news-0123', project: 'news', label: 'news' });
    gemini.script(fault.apiKeyInvalid());
    await ask(3);
    await until(() => page.locator('#keys .state', { hasText: 'refused' }).count(), 1);
    expect(await violations()).toEqual([]);
    await page.screenshot({ path: join(SHOTS, `${colorScheme}.png`), fullPage: true });
    await page.setViewportSize({ width: 390, height: 844 });
    await page.waitForTimeout(1200);
    expect(await violations()).toEqual([]);
    await page.screenshot({ path: join(SHOTS, `${colorScheme}-phone.png`), fullPage: true });
    const paper = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    expect(paper).toBe(colorScheme === 'light' ? 'rgb(251, 250, 248)' : 'rgb(19, 21, 25)');
  });
});

async function violations(): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    const found = (await axe.run()).violations;
    return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
  });
}

test('it is readable on a phone: nothing is wider than 390 pixels, whatever names there are', async () => {
  await serve();
  await visit('/_gemini', { viewport: { width: 390, height: 844 } });
  await weather();
  await ask(1, `gemini-${'very-'.repeat(14)}long`);
  await until(() => page.locator('#models tbody tr').count(), 3);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  await page.setViewportSize({ width: 320, height: 600 });
  await page.waitForTimeout(100);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
});

test('it is readable without colours: states have shapes and words, lines have dashes', async () => {
  await serve();
  await visit();
  await ask();
  await until(() => page.locator('.state').count(), 3);
  await until(() => page.locator('.legend path').count(), 5);
  const dashes = await page
    .locator('#flow-legend path')
    .evaluateAll((all) => all.map((one) => one.getAttribute('stroke-dasharray')));
  expect(new Set(dashes).size).toBe(3);
  const shape = (): Promise<string> =>
    page.evaluate(() => document.querySelector('.state path')?.getAttribute('d') ?? '');
  const well = await shape();
  gemini.always(fault.overloaded());
  await ask(8);
  await until(() => page.locator('.state', { hasText: 'down' }).count(), 1);
  expect(await page.evaluate(() => document.querySelector('[data-tone="bad"].state path')?.getAttribute('d'))).not.toBe(
    well,
  );
});

test('with a token: once in the address, and then no more', async () => {
  await serve({ token: TOKEN });
  await visit(`/_gemini?token=${TOKEN}`);
  expect(page.url()).toBe(`${url}/_gemini`);
  await ask(2);
  await until(() => tile('Requests'), '2');
  await page.reload();
  await until(() => tile('Requests'), '2');
  expect(broken).toEqual([]);
  // From a link on another site, where a strict cookie is not sent at first.
  const other = await browser.newContext();
  const guest = await other.newPage();
  await guest.goto(`data:text/html,<a href="${url}/_gemini?token=${TOKEN}">the page</a>`);
  await guest.getByText('the page').click();
  await guest.waitForURL(`${url}/_gemini`);
  expect(await guest.locator('h1').textContent()).toContain('All is well');
  await other.close();
});

test('when the server is gone it says so, and goes on once it is back', async () => {
  const stop = await serve();
  await visit();
  await until(async () => (await fresh())?.startsWith('Live'), true);
  open.shift();
  await stop();
  await until(async () => (await fresh())?.startsWith('The server does not answer; as of '), true);
  const { port } = new URL(url);
  const again = express().use('/_gemini', statusPage(guard)).listen(Number(port), '127.0.0.1');
  open.unshift(async () => {
    again.closeAllConnections();
    again.close();
  });
  await until(async () => (await fresh())?.startsWith('Live'), true);
});

test('it is small, there at once, and asks for nothing else', async () => {
  await serve();
  await weather();
  await visit();
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  const paints: number[] = [];
  for (let i = 0; i < 5; i++) {
    await page.reload();
    await until(async () => (await fresh())?.startsWith('Live'), true);
    const [paint] = await page.evaluate(() =>
      performance.getEntriesByName('first-contentful-paint').map((one) => one.startTime),
    );
    paints.push(paint ?? Number.POSITIVE_INFINITY);
  }
  expect([...new Set(asked)].sort()).toEqual([`${url}/_gemini`, `${url}/_gemini/data`]);
  // The machine does other things too: the best tells what the page needs.
  expect(Math.min(...paints)).toBeLessThan(500);
  const bytes = (await (await fetch(`${url}/_gemini`)).arrayBuffer()).byteLength;
  expect(bytes).toBeLessThanOrEqual(70_000);
});
