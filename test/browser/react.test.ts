import { join } from 'node:path';
import { buildSync } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { openChromium } from './chromium.ts';

// The first page of a fresh browser takes its time.
// A real browser on a machine that does other things too.
jest.retryTimes(2);

/** A component as people write it: the problem is made anew in each render. */
const APP = `
import { createElement as h, StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { useRetryCountdown } from './src/frontend/react.ts';

function Again() {
  const [given, set] = useState(undefined);
  globalThis.fail = set;
  globalThis.renders = (globalThis.renders ?? 0) + 1;
  const { seconds, canRetry } = useRetryCountdown(given && { ...given });
  return h('button', { disabled: !canRetry }, String(seconds));
}
const root = createRoot(document.body);
globalThis.unmount = () => root.unmount();
root.render(h(StrictMode, null, h(Again)));
`;

const PROBLEM = { code: 'rate_limited', requestId: 'r1', retryable: true, retryAfterMs: 34_075 };

let browser: Browser;
let page: Page;
const errors: string[] = [];

beforeAll(async () => {
  const { outputFiles } = buildSync({
    stdin: { contents: APP, resolveDir: join(__dirname, '../..') },
    bundle: true,
    format: 'iife',
    define: { 'process.env.NODE_ENV': '"development"' },
    write: false,
  });
  browser = await openChromium();
  page = await browser.newPage();
  page.on('pageerror', ({ message }) => errors.push(message));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) errors.push(message.text());
  });
  await page.clock.install({ time: 0 });
  // Otherwise time passes by itself as well.
  await page.clock.pauseAt(1000);
  await page.setContent('<body></body>');
  await page.addScriptTag({ content: outputFiles[0]?.text ?? '' });
}, 120_000);
afterAll(() => browser?.close());

const fail = (problem: unknown): Promise<void> =>
  page.evaluate((given) => (globalThis as unknown as { fail(given: unknown): void }).fail(given), problem);

/** What the button says, and whether it can be pressed. */
async function shown(): Promise<[string | null, boolean]> {
  const button = page.locator('button');
  return [await button.textContent(), await button.isEnabled()];
}

async function expectShown(seconds: string, canRetry: boolean): Promise<void> {
  await page.waitForFunction((text) => document.querySelector('button')?.textContent === text, seconds);
  expect(await shown()).toEqual([seconds, canRetry]);
}

test('without a problem there is nothing to wait for, and nothing to repeat', () => expectShown('0', false));

test('it counts the seconds that the server named, and then the retry is due', async () => {
  await fail(PROBLEM);
  await expectShown('35', false);
  await page.clock.runFor(10_000);
  await expectShown('25', false);
  await page.clock.runFor(24_000);
  await expectShown('1', false);
  await page.clock.runFor(1000);
  await expectShown('0', true);
});

test('another failure begins anew, and none ends it', async () => {
  await fail({ ...PROBLEM, requestId: 'r2', retryAfterMs: 3000 });
  await expectShown('3', false);
  await page.clock.runFor(1000);
  await expectShown('2', false);
  await fail({ ...PROBLEM, requestId: 'r3', retryAfterMs: 9000 });
  await expectShown('9', false);
  await fail(undefined);
  await expectShown('0', false);
});

test.each([
  ['what no retry cures is never due', { retryable: false }, '0', false],
  ['without a named wait it is due at once', { retryable: true }, '0', true],
  ['a hostile wait is none', { retryable: true, retryAfterMs: 'soon' }, '0', true],
  ['an endless wait is at most a day', { retryable: true, retryAfterMs: 1e12 }, '86400', false],
])('%s', async (_what, members, seconds, canRetry) => {
  await fail({ code: 'x', requestId: _what, ...members });
  await expectShown(seconds, canRetry);
});

test('nothing runs on after it is gone, and React had nothing to complain of', async () => {
  await fail({ ...PROBLEM, requestId: 'r4' });
  await expectShown('35', false);
  await page.evaluate(() => (globalThis as unknown as { unmount(): void }).unmount());
  const renders = () => page.evaluate(() => (globalThis as unknown as { renders: number }).renders);
  const before = await renders();
  await page.clock.runFor(60_000);
  expect([await renders(), errors]).toEqual([before, []]);
});
