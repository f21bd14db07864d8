import { geminiGuard, retry } from '../../src/index.ts';
import { targetOf } from '../../src/upstream/target.ts';
import { CANARY_PROMPT, clientOf, MODEL } from '../support.ts';
import { hosts } from './hosts.ts';
import { endAll, route, start } from './stack.ts';

afterEach(endAll);

const PLAIN = 'http://proxy.example:4000';

describe.each(hosts)('an address without encryption, in %s', (_name, express) => {
  test.each([
    ['refused', undefined, 500],
    ['allowed by plainHttp: true', true, 200],
  ])('case 63: is %s, and says so once', async (_what, plainHttp, expected) => {
    const sent: string[] = [];
    const stack = await start({
      express,
      guard: {
        ...(plainHttp === undefined ? {} : { plainHttp }),
        transport: async (url) => {
          sent.push(String(url));
          const candidates = [{ content: { role: 'model', parts: [{ text: 'Hi' }] }, finishReason: 'STOP' }];
          return Response.json({ candidates });
        },
      },
      routes: (app, { guard, rethrow }) => {
        const ai = clientOf(guard, PLAIN);
        app.get(
          '/unary',
          route(async (_req, res) => {
            const asked = ai.models.generateContent({ model: MODEL, contents: CANARY_PROMPT });
            res.json({ text: (await asked.catch(rethrow)).text });
          }),
        );
      },
    });
    for (const _ of [1, 2]) expect((await stack.visit('/unary')).status).toBe(expected);
    expect(sent).toHaveLength(plainHttp ? 2 : 0);
    expect(stack.data('warning')).toMatchObject(plainHttp ? [] : [{ code: 'GG_PLAIN_HTTP' }]);
  });
});

test.each([
  ['http://127.0.0.1:8080', false],
  ['http://127.1:8080', false],
  ['http://localhost', false],
  ['http://gemini.localhost:1', false],
  ['http://[::1]:8080', false],
  ['https://proxy.example', false],
  ['http://127.0.0.1.evil.example', true],
  ['http://localhost.evil.example', true],
  ['http://10.0.0.7:4000', true],
  ['http://[::2]', true],
])('case 63: %s is plain: %s', (origin, isPlain) => {
  expect(targetOf(`${origin}/v1beta/models/${MODEL}:generateContent`, 'POST')).toMatchObject({ isPlain });
});

test('case 63: the option is checked, and a part alone, which has none, sends as it is told', async () => {
  expect(() => geminiGuard({ plainHttp: 'yes' as never })).toThrow(/plainHttp/);
  const guard = retry();
  const url = `${PLAIN}/v1beta/models/${MODEL}:generateContent`;
  const failure = await guard.fetch(url, { method: 'POST', signal: AbortSignal.abort() }).catch((error) => error);
  expect(failure).toMatchObject({ kind: 'cancelled' });
  await guard.close();
});
