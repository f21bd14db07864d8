import { BoundedMap } from '../src/bounded-map.ts';

test('the entry unused for longest is forgotten, and told of', () => {
  const forgotten: number[] = [];
  const map = new BoundedMap<string, number>(2, (value) => forgotten.push(value));
  map.set('a', 1);
  map.set('b', 2);
  expect(map.get('a')).toBe(1);
  map.set('c', 3);
  expect(forgotten).toEqual([2]);
  expect(map.entries()).toEqual([
    ['a', 1],
    ['c', 3],
  ]);
  map.set('a', 4);
  expect(map.size).toBe(2);
  expect(map.getOrCreate('a', () => 9)).toBe(4);
  map.delete('nobody');
  map.clear();
  expect(forgotten).toEqual([2, 3, 4]);
  expect(map.get('a')).toBeUndefined();
});

test('who asks for an entry that is not there adds none', () => {
  const map = new BoundedMap<string, number>(2);
  map.set('a', 1);
  expect(map.get('nobody')).toBeUndefined();
  expect(map.size).toBe(1);
  map.set('b', 2);
  expect(map.getOrCreate('c', () => 3)).toBe(3);
  expect(map.entries()).toEqual([
    ['b', 2],
    ['c', 3],
  ]);
});
