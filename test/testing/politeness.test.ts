import { inspect } from 'node:util';
import { GoogleGenAI } from '@google/genai';
import { geminiGuard } from '../../src/index.ts';
import { type FakeGemini, fault, type Verdict } from '../../src/testing/index.ts';
import { ask, closeAll, MODEL, start } from './helpers.ts';

afterEach(closeAll);

let now = 0;
const fake = (): Promise<FakeGemini> => start({ now: () => now });
beforeEach(() => {
  now = Date.parse('2026-11-25T12:00:00Z');
});

const question = (text: string): unknown => ({ contents: [{ role: 'user', parts: [{ text }] }] });
/** The rules that were broken, and by which calls. */
const short = (verdicts: readonly Verdict[]): unknown[] => verdicts.map(({ rule, calls }) => [rule, ...calls]);

/** Asks again and again, with a pause of so many ms before each. */
async function askAfter(gemini: FakeGemini, pauses: readonly number[], options: Parameters<typeof ask>[1] = {}) {
  for (const ms of pauses) {
    now += ms;
    await (await ask(gemini, options)).text();
  }
}

test('nothing is said of a client that does nothing wrong', async () => {
  const gemini = await fake();
  gemini.script([fault.overloaded(), fault.quotaPerMinute({ retryDelay: '17s' })]);
  await askAfter(gemini, [0, 300, 17_000, 0]);
  expect(await gemini.politeness()).toEqual([]);
});

test('a call that is repeated before the wait is over', async () => {
  const gemini = await fake();
  gemini.script(fault.quotaPerMinute({ retryDelay: '17s' }));
  await askAfter(gemini, [0, 16_900]);
  const message = 'The call came again after 16900 ms, although its answer had asked for 17000 ms.';
  expect(await gemini.politeness()).toEqual([{ rule: 'early-retry', message, calls: [0, 1] }]);
});

test('another project may be asked at once', async () => {
  const gemini = await fake();
  gemini.script(fault.quotaPerMinute({ retryDelay: '17s' }));
  await askAfter(gemini, [0], { key: 'one' });
  await askAfter(gemini, [1], { key: 'two' });
  expect(await gemini.politeness()).toEqual([]);
});

test.each([
  ['a 400', fault.invalidArgument()],
  ['a 401', fault.unauthenticated()],
  ['a 403', fault.suspended()],
  ['a 404', fault.modelNotFound()],
  ['the quota of the day', fault.quotaPerDay()],
  ['want of any quota', fault.quotaZero()],
])('a call that is repeated after %s, but not with another key', async (why, reply) => {
  const gemini = await fake();
  gemini.script(reply, { times: 2 });
  await askAfter(gemini, [0, 60_000], { key: 'one' });
  await askAfter(gemini, [60_000], { key: 'two' });
  const message = `The call came again after 60000 ms, with the same key, although it had failed for ${why}.`;
  expect(await gemini.politeness()).toEqual([{ rule: 'hopeless-retry', message, calls: [0, 1] }]);
});

test('calls to a quota of which all know that it is closed', async () => {
  const gemini = await fake();
  gemini.script(fault.quotaPerMinute({ retryDelay: '17s' }));
  await askAfter(gemini, [0], { body: question('one') });
  await askAfter(gemini, [2000], { body: question('two') });
  await askAfter(gemini, [2000], { body: question('three'), model: 'gemini-3.5-flash-lite' });
  await askAfter(gemini, [2000], { body: question('four') });
  await askAfter(gemini, [20_000], { body: question('five') });
  const message = '2 calls came to gemini-3.8-flash of project-1 while its quota was known to be closed.';
  expect(await gemini.politeness()).toEqual([{ rule: 'closed-quota', message, calls: [0, 1, 3] }]);
});

test('a storm is told once, with all its calls', async () => {
  const gemini = await fake();
  gemini.always(fault.overloaded());
  await askAfter(gemini, [0, 10, 10, 10, 10, 10]);
  expect(await gemini.politeness()).toEqual([]);
  await askAfter(gemini, [10, 10]);
  const message = 'One request came 7 times in 60 ms, or more.';
  expect(await gemini.politeness()).toEqual([{ rule: 'retry-storm', message, calls: [0, 1, 2, 3, 4, 5, 6] }]);
  expect(short(await gemini.politeness({ attempts: 2 }))).toEqual([['retry-storm', 0, 1, 2]]);
});

test('many who ask something of their own at once are no storm', async () => {
  const gemini = await fake();
  gemini.always(fault.overloaded());
  await Promise.all(Array.from({ length: 20 }, (_, i) => ask(gemini, { body: question(`${i}`) })));
  expect(await gemini.politeness()).toEqual([]);
});

test('a broken connection and a call that its client gave up may be repeated', async () => {
  const gemini = await fake();
  gemini.script([fault.reset(), fault.hang()]);
  await ask(gemini).catch(() => {});
  const leaving = new AbortController();
  const left = ask(gemini, { signal: leaving.signal }).catch(() => {});
  await gemini.waitForCalls(2);
  leaving.abort();
  await left;
  await gemini.waitForAbort();
  await askAfter(gemini, [10]);
  expect(await gemini.politeness({ attempts: 3 })).toEqual([]);
  expect(short(await gemini.politeness({ attempts: 2 }))).toEqual([['retry-storm', 0, 1, 2]]);
});

test('a call that nobody ends', async () => {
  const gemini = await fake();
  gemini.script(fault.hang());
  const left = ask(gemini).catch(() => {});
  await gemini.waitForCalls(1);
  const message = 'The call to generateContent is still open: nobody has cancelled it.';
  expect(await gemini.politeness({ graceMs: 20 })).toEqual([{ rule: 'left-open', message, calls: [0] }]);
  await gemini.close();
  await left;
});

test('neither a verdict nor the error in the record shows a key', async () => {
  const gemini = await fake();
  gemini.always(fault.suspended());
  await askAfter(gemini, [0, 1], { key: 'secret-"of"-mine' });
  expect(gemini.calls[0]?.error?.code).toBe(403);
  expect(inspect([gemini.calls, await gemini.politeness()], { depth: 9 })).not.toContain('secret-');
});

test('an option that it does not know is named', async () => {
  const gemini = await fake();
  await expect(gemini.politeness({ tries: 2 } as object)).rejects.toThrow('politeness: `tries` is not an option.');
  await expect(gemini.politeness({ attempts: '2' as never })).rejects.toThrow(/`attempts` cannot be "2"/);
});

describe('as clients behave', () => {
  test('a retry by hand does not wait as it is told', async () => {
    const gemini = await start();
    gemini.always(fault.quotaPerMinute({ retryDelay: '17s' }));
    for (let attempt = 0; attempt < 3; attempt++) {
      await (await ask(gemini)).text();
      // What comes within 5 ms may have been on its way.
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(short(await gemini.politeness())).toEqual([
      ['early-retry', 0, 1],
      ['early-retry', 1, 2],
      ['closed-quota', 0, 2],
    ]);
  });

  test('a guard is polite, whatever comes', async () => {
    const gemini = await start();
    const guard = geminiGuard({
      log: false,
      ai: new GoogleGenAI({ apiKey: 'k', httpOptions: { baseUrl: gemini.url } }),
    });
    gemini.script([fault.overloaded(), fault.reset(), fault.quotaPerMinute({ retryDelay: '60s' })]);
    const work = (contents: string) =>
      guard
        .run(({ gemini }) => gemini.models.generateContent({ model: MODEL, contents }))
        .then(
          () => 'answered',
          ({ kind }) => kind,
        );
    const ends = [await work('one'), await work('two'), await work('three')];
    expect(ends).toEqual(Array(3).fill('rate_limited'));
    expect(gemini.calls).toHaveLength(3);
    expect(await gemini.politeness()).toEqual([]);
    await guard.close();
  });
});
