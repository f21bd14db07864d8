import { join } from 'node:path';
import { buildSync } from 'esbuild';
import type { Browser, Locator, Page } from 'playwright-core';
import { answer, type FakeGemini, fakeGemini, fault } from '../../src/testing/index.ts';
import { type Example, packedExample, startServer } from '../examples/example.ts';
import { openChromium } from './chromium.ts';

// The first page of a fresh browser takes its time.
// A real browser on a machine that does other things too.
jest.retryTimes(2);

let gemini: FakeGemini;
let browser: Browser;
let example: Awaited<ReturnType<typeof packedExample>>;
let server: Example;
let page: Page;
const broken: string[] = [];

beforeAll(async () => {
  example = await packedExample('vercel-ai-usechat');
  buildSync({
    entryPoints: [join(example.folder, 'App.jsx')],
    outfile: join(example.folder, 'public/app.js'),
    bundle: true,
    jsx: 'automatic',
    logLevel: 'error',
  });
  gemini = await fakeGemini({ text: 'Rayleigh scattering.' });
  browser = await openChromium();
}, 120_000);
beforeEach(async () => {
  gemini.reset();
  server = await startServer(join(example.folder, 'index.mjs'), gemini.env());
  page = await browser.newPage();
  page.on('pageerror', ({ message }) => broken.push(message));
  await page.goto(server.url);
});
afterEach(async () => {
  await page.close();
  await server.stop();
});
afterAll(async () => {
  await browser?.close();
  await gemini.close();
  example?.remove();
  expect(broken).toEqual([]);
});

async function ask(): Promise<void> {
  await page.getByLabel('Your question').fill('Why is the sky blue?');
  await page.getByRole('button', { name: 'Ask', exact: true }).click();
}

const answers = (): Locator => page.locator('[data-role=assistant]');
const sentence = (): Locator => page.getByRole('alert');
const again = (): Locator => page.getByRole('button', { name: /^Try again/ });
const says = (place: Locator, text: string): Promise<unknown> => place.filter({ hasText: text }).waitFor();

test('the real useChat shows the answer', async () => {
  gemini.script(answer.stream(['Rayleigh ', 'scattering.']));
  await ask();
  await says(answers(), 'Rayleigh scattering.');
  expect(await sentence().count()).toBe(0);
  expect(gemini.calls[0]?.body).toMatchObject({
    contents: [{ role: 'user', parts: [{ text: 'Why is the sky blue?' }] }],
  });
});

test('a 429 is a sentence with a countdown, and the same again works after it', async () => {
  gemini.script([fault.quotaPerMinute({ retryDelay: '3s' }), answer('At last.')]);
  await ask();
  await says(sentence(), 'The AI service is busy. Please try again in 3 seconds.');
  expect(await again().isDisabled()).toBe(true);
  await again()
    .filter({ hasText: /^Try again$/ })
    .click();
  await says(answers(), 'At last.');
  expect(gemini.calls).toHaveLength(2);
});

test('a stream that breaks is a sentence too, below what was said', async () => {
  gemini.latency({ chunkMs: 40 });
  gemini.script(fault.streamErrorAfter(2));
  await ask();
  await says(sentence(), 'The AI service is temporarily unavailable. Please try again shortly.');
  expect(await answers().textContent()).toBe('Rayleigh scattering. And on. ');
});

test('a blocked prompt is a sentence without a button', async () => {
  gemini.script(fault.blockedPrompt());
  await ask();
  await says(sentence(), 'because of content rules');
  expect(await again().count()).toBe(0);
});
