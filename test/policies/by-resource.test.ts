import { ByResource } from '../../src/policies/by-resource.ts';
import { aCall } from '../a-call.ts';

function named(): { of: (host: string, model: string, method?: string) => string; things: ByResource<string> } {
  const things = new ByResource<string>(3);
  let made = 0;
  const { call } = aCall();
  return {
    things,
    of: (host, model, method = 'generateContent') =>
      things.of({ ...call, host, model, method }, (...names) => `${names.join(' ')} ${++made}`),
  };
}

test('each host and model has one thing, also when it is not the newest', () => {
  const { of } = named();
  expect(of('a', 'm')).toBe('a m 1');
  expect(of('a', 'm')).toBe('a m 1');
  expect(of('b', 'm')).toBe('b m 2');
  expect(of('b', 'n')).toBe('b n 3');
  expect(of('a', 'm')).toBe('a m 1');
});

test('calls that name no model share one for each method', () => {
  const { of } = named();
  expect(of('a', '', 'files.list')).toBe('a files.list 1');
  expect(of('a', '', 'files.get')).toBe('a files.get 2');
});

test('after clear() the newest is made anew too', () => {
  const { of, things } = named();
  of('a', 'm');
  things.clear();
  expect(things.entries()).toEqual([]);
  expect(of('a', 'm')).toBe('a m 2');
  expect(things.entries()).toEqual([['a m', 'a m 2']]);
});
