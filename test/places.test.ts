import { Places } from '../src/places.ts';
import { remove } from '../src/remove.ts';

test('a place that was left is taken again, and only who is there is told', () => {
  const places = new Places<string>();
  const [a, b] = [places.take('a'), places.take('b')];
  expect(places.all()).toEqual(['a', 'b']);
  places.leave(a);
  expect(places.all()).toEqual(['b']);
  expect(places.take('c')).toBe(a);
  places.leave(b);
  expect(places.all()).toEqual(['c']);
});

test('who comes and goes a thousand times takes no more room than one', () => {
  const places = new Places<number>();
  const taken = new Set(
    Array.from({ length: 1000 }, (_, i) => {
      const place = places.take(i);
      places.leave(place);
      return place;
    }),
  );
  expect(taken.size).toBe(1);
});

test('one is taken out of a list, once, and who is not in it changes nothing', () => {
  const list = ['a', 'b', 'a'];
  remove(list, 'a');
  expect(list).toEqual(['b', 'a']);
  remove(list, 'c');
  expect(list).toEqual(['b', 'a']);
});
