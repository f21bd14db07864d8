import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { answer, type FakeGemini, fakeGemini, fault } from '../../src/testing/index.ts';
import { ended } from '../cli/built.ts';
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
let broken: string[];

async function serve(port = '0'): Promise<void> {
  server = await startServer(join(example.folder, 'index.mjs'), { ...gemini.env(), PORT: port });
}

/** As a server ends that crashed. */
async function stop(): Promise<void> {
  const end = ended(server.server);
  server.server.kill('SIGKILL');
  await end;
}

beforeAll(async () => {
  example = await packedExample('express-stream');
  gemini = await fakeGemini({ text: 'Rayleigh scattering.' });
  browser = await openChromium();
}, 120_000);
beforeEach(async () => {
  gemini.reset();
  // A server of its own for each test: gates that one has closed are not for the next.
  await serve();
  page = await browser.newPage();
  broken = [];
  page.on('pageerror', ({ message }) => broken.push(message));
  await page.goto(server.url);
});
afterEach(async () => {
  await page.close();
  await stop();
});
afterAll(async () => {
  await browser?.close();
  await gemini.close();
  example?.remove();
});

async function ask(text = 'Why is the sky blue?'): Promise<void> {
  await page.getByLabel('Your question').fill(text);
  await page.getByRole('button', { name: 'Ask', exact: true }).click();
}

const said = (): Promise<string | null> => page.locator('#answer').textContent();
const sentence = (): Locator => page.getByRole('alert');
const again = (): Locator => page.getByRole('button', { name: /^Try again/ });

async function until(read: () => Promise<unknown>, expected: unknown): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if ((await read()) === expected) return;
    await page.waitForTimeout(25);
  }
  expect(await read()).toBe(expected);
}

async function violations(): Promise<string[]> {
  await page.addScriptTag({ path: require.resolve('axe-core/axe.min.js') });
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; help: string }[] }> };
    };
    return (await axe.run()).violations.map(({ id, help }) => `${id}: ${help}`);
  });
}

test('text arrives as the model speaks', async () => {
  gemini.latency({ chunkMs: 500 });
  gemini.script(answer.stream(['Rayleigh ', 'scattering, ', '<b>as</b> ever.']));
  await ask();
  await until(said, 'Rayleigh ');
  expect(await page.locator('#answer').getAttribute('aria-busy')).toBe('true');
  await until(said, 'Rayleigh scattering, <b>as</b> ever.');
  await until(() => page.locator('#answer').getAttribute('aria-busy'), 'false');
  expect([await sentence().isVisible(), await page.locator('#note').textContent(), broken]).toEqual([false, '', []]);
});

test('a 429 is a sentence with a countdown, and then the page asks again by itself', async () => {
  gemini.script([fault.quotaPerMinute({ retryDelay: '3s' }), answer('At last.')]);
  await ask();
  await until(() => sentence().textContent(), 'The AI service is busy. Please try again in 3 seconds.');
  expect(await again().textContent()).toMatch(/^Try again in [23] s$/);
  await again().click({ force: true });
  expect(gemini.calls).toHaveLength(1);
  await until(() => again().textContent(), 'Try again in 1 s');
  await until(said, 'At last.');
  expect([await sentence().isVisible(), gemini.calls.length, broken]).toEqual([false, 2, []]);
});

test('by itself it asks once: after that it is up to the visitor', async () => {
  gemini.script([
    fault.quotaPerMinute({ retryDelay: '3s' }),
    fault.quotaPerMinute({ retryDelay: '3s' }),
    answer('At last.'),
  ]);
  await ask();
  await until(async () => gemini.calls.length, 2);
  await until(() => again().getAttribute('aria-disabled'), 'true');
  await until(() => again().getAttribute('aria-disabled'), 'false');
  expect(gemini.calls).toHaveLength(2);
  await again().click();
  await until(said, 'At last.');
});

test('a stream that is cut keeps what was said, says so, and can be asked for again', async () => {
  gemini.latency({ chunkMs: 40 });
  gemini.script([fault.streamCutAfter(2), answer('Whole.')]);
  await ask();
  await until(() => page.locator('#note').textContent(), 'The answer broke off here.');
  expect(await said()).toBe('Rayleigh scattering. And on. ');
  expect(await sentence().textContent()).toBe('The AI service could not be reached.');
  // The server has named a wait: the page asks again after it.
  expect(await again().textContent()).toMatch(/^Try again in \d s$/);
  await until(said, 'Whole.');
  expect([await page.locator('#note').textContent(), broken]).toEqual(['', []]);
});

test('a blocked prompt is a sentence without a button', async () => {
  gemini.script(fault.blockedPrompt());
  await ask();
  const rules = 'This request could not be answered because of content rules. Please rephrase it.';
  await until(() => sentence().textContent(), rules);
  expect([await again().isVisible(), broken]).toEqual([false, []]);
});

test('a server that is gone is a sentence with a button, which works once it is back', async () => {
  await stop();
  await ask();
  await until(() => sentence().textContent(), 'The request could not be answered.');
  expect([await again().textContent(), await again().getAttribute('aria-disabled')]).toEqual(['Try again', 'false']);
  await serve(new URL(server.url).port);
  await again().click();
  await until(said, 'Rayleigh scattering.');
  expect([await sentence().isVisible(), broken]).toEqual([false, []]);
});

test('a visitor who asks something else ends the call of the first question', async () => {
  gemini.script([fault.streamStallAfter(1), answer('Second.')]);
  await ask('First?');
  await until(said, 'Rayleigh scattering. ');
  await ask('Second?');
  await until(said, 'Second.');
  expect((await gemini.waitForAbort()).aborted).toBe(true);
});

test('it can be used with the keyboard alone', async () => {
  // Names no wait: it is up to the visitor.
  gemini.script([fault.empty(), fault.empty(), answer('Fine.')]);
  await page.keyboard.press('Tab');
  await page.keyboard.type('Why?');
  await page.keyboard.press('Enter');
  await until(() => sentence().isVisible(), true);
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('again');
  await until(() => again().getAttribute('aria-disabled'), 'false');
  await page.keyboard.press('Enter');
  await until(said, 'Fine.');
});

describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
  test('axe has nothing to complain of: empty, answered, failed', async () => {
    await page.emulateMedia({ colorScheme });
    expect(await violations()).toEqual([]);
    await ask();
    await until(said, 'Rayleigh scattering.');
    expect(await violations()).toEqual([]);
    gemini.script(fault.quotaPerMinute({ retryDelay: '9s' }));
    await ask();
    await until(() => sentence().isVisible(), true);
    expect(await violations()).toEqual([]);
    const [paper, ink] = await page.evaluate(() => {
      const { backgroundColor, color } = getComputedStyle(document.documentElement);
      return [backgroundColor, color];
    });
    expect([paper, ink]).toEqual(
      colorScheme === 'light' ? ['rgb(255, 255, 255)', 'rgb(28, 30, 33)'] : ['rgb(23, 25, 28)', 'rgb(232, 234, 237)'],
    );
  });
});
