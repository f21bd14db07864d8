import type { IncomingMessage } from 'node:http';
import { hasPlaces } from '../shapes.ts';
import { frameworks, listen, quickGuard } from '../support.ts';

const isCured = Number.parseInt(process.versions.v8, 10) >= 13;

describe.each(frameworks)('requests of %s', (_name, express) => {
  test('are of one shape behind the guard, where V8 would give each of them one of its own', async () => {
    const seen: boolean[] = [];
    const app = express();
    app.use((_req, res, next) => {
      seen.push(hasPlaces(res));
      next();
    });
    app.use(quickGuard());
    app.get('/', (_req, res) => {
      seen.push(hasPlaces(res));
      res.end();
    });
    const { url, close } = await listen(app);
    await fetch(url);
    await close();
    expect(seen).toEqual([true, isCured]);
  });

  test('know each other as before', async () => {
    const told: unknown[] = [];
    const app = express();
    const look = (req: IncomingMessage & { res?: unknown }, res: object): void => {
      told.push([Object.getOwnPropertyDescriptor(req, 'res'), Object.getOwnPropertyDescriptor(res, 'req')]);
      told.push(Object.keys(req).sort());
    };
    app.use((req, res, next) => {
      look(req, res);
      next();
    });
    app.use(quickGuard());
    app.get('/', (req, res) => {
      look(req, res);
      res.end();
    });
    const { url, close } = await listen(app);
    await fetch(url);
    await close();
    const [before, names, after, namesAfter] = told as [unknown[], string[], unknown[], string[]];
    expect(after.map((known) => Object.keys(known as object))).toEqual(
      before.map((known) => Object.keys(known as object)),
    );
    for (const [i, known] of before.entries()) {
      const { value, ...rest } = known as PropertyDescriptor;
      const { value: valueAfter, ...restAfter } = after[i] as PropertyDescriptor;
      expect(restAfter).toEqual(rest);
      expect(valueAfter === value).toBe(true);
    }
    expect(namesAfter).toEqual(expect.arrayContaining(names));
  });
});
