import { Spent } from '../../src/store/spent.ts';
import { SPAN } from '../../src/store/windows.ts';

test('what was counted is told by slice, added up', () => {
  const spent = new Spent();
  expect(spent.isEmpty).toBe(true);
  spent.add(4, 1, 10);
  spent.add(4, 2, 5);
  spent.add(9, -1, -3);
  expect(spent.list()).toEqual([
    [4, 3, 15],
    [9, -1, -3],
  ]);
  expect(spent.isEmpty).toBe(false);
  spent.addDay(100, 2);
  spent.clear();
  expect([spent.isEmpty, spent.today, spent.list()]).toEqual([true, 0, []]);
});

test('requests of the latest day are counted, those of an earlier one are not', () => {
  const spent = new Spent();
  spent.addDay(100, 2);
  spent.addDay(100, 3);
  expect([spent.dayEnds, spent.today, spent.isEmpty]).toEqual([100, 5, false]);
  spent.addDay(200, 1);
  spent.addDay(100, 7);
  expect([spent.dayEnds, spent.today]).toEqual([200, 1]);
});

test('what no window contains any more is forgotten', () => {
  const spent = new Spent();
  spent.add(0, 1, 1);
  spent.add(1, 1, 1);
  spent.expire(SPAN - 1);
  expect(spent.list()).toHaveLength(2);
  spent.expire(SPAN);
  expect(spent.list()).toEqual([[1, 1, 1]]);
});
