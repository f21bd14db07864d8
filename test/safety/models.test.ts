import { hosts } from './hosts.ts';
import { endAll, start } from './stack.ts';

afterEach(endAll);

const REFUSED: [string, string][] = [
  ['__proto__', '__proto__'],
  ['a way out', '../x'],
  ['a way out behind a name', 'gemini-3.8-flash/../../x'],
  ['an encoded way out', '..%2f..%2fx'],
  ['a fragment', 'a#b'],
  ['another method behind a fragment', 'gemini-3.8-flash:countTokens#'],
  ['another method', 'gemini-3.8-flash:countTokens'],
  ['a key', 'a?key='],
  ['a query', 'a?alt=sse&x='],
  ['a slash', 'a/b'],
  ['a slash of the other kind', 'a\\b'],
  ['a line break', 'a\r\nx-goog-api-key: mine'],
  ['a blank', 'a b'],
  ['a full stop', '.'],
  ['ten thousand letters', 'm'.repeat(10_000)],
  ['another host', 'http://evil.example/x'],
  ['another host without a scheme', '//evil.example/x'],
  ['letters that look like others', 'gemini\u2024flash'],
  ['NUL', 'a\u0000b'],
];

describe.each(hosts)('models named by visitors of %s', (_name, express) => {
  test.each(REFUSED)('case 44: a model name with %s is refused before anything is sent', async (_what, model) => {
    const stack = await start({ express });
    const visited = await stack.visit(`/ask?model=${encodeURIComponent(model)}`);
    expect(visited).toMatchObject({ status: 400, json: { code: 'invalid_request', retryable: false } });
    expect(visited.body).not.toContain(
      JSON.stringify(model)
        .slice(1, -1)
        .repeat(model.length > 1 ? 1 : 9),
    );
    expect(stack.gemini.calls).toHaveLength(0);
    expect(await stack.over()).toMatchObject({ code: 'invalid_request', attempts: 0 });
    expect(stack.guard.status()).toMatchObject({ calls: { attempts: 0 }, parts: { circuitBreaker: { circuits: [] } } });
  });

  test.each([
    'gemini-3.8-flash',
    'models/gemini-3.8-flash',
    'tunedModels/mine-1a2b',
    'gemini-3.1-flash-lite@001',
  ])('case 44: the good name %s is sent', async (model) => {
    const stack = await start({ express });
    expect((await stack.visit(`/ask?model=${encodeURIComponent(model)}`)).status).toBe(200);
    expect(stack.gemini.calls).toHaveLength(1);
  });
});
