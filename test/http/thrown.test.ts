import type { RequestHandler } from 'express';
import type { Problem } from '../../src/index.ts';
import { frameworks } from '../support.ts';
import { hosts } from './hosts.ts';
import { type Stage, type StageHand, stageHand } from './stage.ts';

const trap = new Proxy(
  {},
  {
    get() {
      throw new Error('swordfish');
    },
    has() {
      throw new Error('swordfish');
    },
    getPrototypeOf() {
      throw new Error('swordfish');
    },
  },
);

function revoked(target: object): unknown {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

const getter = {
  get message(): string {
    throw new Error('swordfish');
  },
};

/** What no proper error is: Express and Koa take it for success or a command, hang on it, or print it. */
const thrown: [string, unknown][] = [
  ['a string', '429 swordfish'],
  ['an empty string', ''],
  ["'route'", 'route'],
  ["'router'", 'router'],
  ['zero', 0],
  ['a number', 42],
  ['NaN', Number.NaN],
  ['a bigint', 10n],
  ['true', true],
  ['false', false],
  ['null', null],
  ['undefined', undefined],
  ['a symbol', Symbol('swordfish')],
  ['a function', () => 'swordfish'],
  ['a class', class Swordfish {}],
  ['an empty object', {}],
  ['an object without a prototype', Object.create(null)],
  ['a list', ['swordfish']],
  ['a throwing getter', getter],
  ['a Proxy that throws when it is read', trap],
  ['a revoked Proxy', revoked({})],
  ['a revoked Proxy of a function', revoked(() => {})],
];

let hand: StageHand;
let stage: Stage;

beforeAll(async () => {
  hand = await stageHand();
});
beforeEach(async () => {
  stage = await hand.stage(undefined as never, false);
});
afterEach(() => hand.clear());
afterAll(() => hand.close());

async function expectInternal(response: Response): Promise<void> {
  const text = await response.text();
  expect([response.status, response.headers.get('content-type')]).toEqual([500, 'application/problem+json']);
  expect(JSON.parse(text) as Problem).toMatchObject({ status: 500, code: 'internal', source: 'caller' });
  expect(text).not.toContain('swordfish');
}

describe.each(hosts.map((host) => [host.name, host] as const))('guard.handler on %s', (_name, host) => {
  test.each(thrown)('%s gets exactly one JSON answer, thrown or rejected', async (_what, value) => {
    const handler = stage.guard.handler((req: { url: string }) => {
      if (req.url === '/later') return Promise.reject(value);
      throw value;
    });
    const url = await stage.serve(host.mount(handler));
    await expectInternal(await fetch(url));
    await expectInternal(await fetch(`${url}/later`));
    expect(stage.answers.map(({ code, status }) => [code, status])).toEqual([
      ['internal', 500],
      ['internal', 500],
    ]);
  });

  test('an object with a status is a proper error of the app', async () => {
    const passed: unknown[] = [];
    const gone = { status: 410 };
    const handler = stage.guard.handler(() => Promise.reject(gone));
    await fetch(await stage.serve(host.mount(handler, passed)));
    expect(passed).toEqual(host.passesOn ? [gone] : []);
  });
});

describe.each(frameworks)('app.use(geminiGuard()) on %s', (name, express) => {
  // Express itself takes these for "no error", or for its own command, before anybody can see them.
  const commands: unknown[] = ['', 'route', 'router', 0, false, null, undefined];

  test.each(
    thrown.filter(([, value]) => !commands.includes(value) && !Number.isNaN(value)),
  )('%s gets one JSON answer', async (_what, value) => {
    const app = express().use(stage.guard);
    const handler: RequestHandler = () => {
      throw value;
    };
    app.get('/', handler);
    await expectInternal(await stage.get(app));
  });

  test("guard.handler understands next('route') and next('router') as Express does", async () => {
    const app = express();
    const passes = (command: 'router'): RequestHandler => stage.guard.handler((_req, _res, next) => next(command));
    const inner = express.Router();
    inner.get('/router', passes('router'), (_req, res) => void res.send('inside'));
    app.get('/route', passes('route' as 'router'), (_req, res) => void res.send('same route'));
    app.use(inner);
    app.use(((_req, res) => void res.send('next')) as RequestHandler);
    const url = await stage.serve(app);
    const answers = await Promise.all(['/route', '/router'].map(async (path) => (await fetch(url + path)).text()));
    expect([name, ...answers]).toEqual([name, 'next', 'next']);
  });
});
