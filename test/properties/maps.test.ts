import fc from 'fast-check';
import { BoundedMap } from '../../src/bounded-map.ts';
import { property, same } from './property.ts';

const key = fc.nat(7);
const step = fc.oneof(
  fc.tuple(fc.constantFrom('get', 'delete', 'getOrCreate'), key),
  fc.tuple(fc.constant('set'), key),
  fc.tuple(fc.constantFrom('clear'), fc.constant(0)),
);

property(
  'a bounded map keeps what was used last, no more than its limit, and tells of all that it drops',
  [fc.integer({ min: 1, max: 5 }), fc.array(step, { maxLength: 40 })],
  (limit, steps) => {
    const forgotten: string[] = [];
    const map = new BoundedMap<number, string>(limit, (value) => forgotten.push(value));
    // A list, least recently used first.
    let model: [number, string][] = [];
    const dropped: string[] = [];
    const touch = (name: number): string | undefined => {
      const found = model.find(([other]) => other === name);
      if (found) model = [...model.filter((other) => other !== found), found];
      return found?.[1];
    };
    const put = (name: number, value: string): void => {
      model = [...model.filter(([other]) => other !== name), [name, value]];
      if (model.length > limit) dropped.push((model.shift() as [number, string])[1]);
    };
    steps.forEach(([what, name], i) => {
      const value = `value ${i}`;
      if (what === 'get') same(map.get(name), touch(name));
      else if (what === 'set') {
        map.set(name, value);
        put(name, value);
      } else if (what === 'getOrCreate') {
        const known = touch(name);
        if (known === undefined) put(name, value);
        same(
          map.getOrCreate(name, () => value),
          known ?? value,
        );
      } else if (what === 'delete') {
        map.delete(name);
        const found = model.find(([other]) => other === name);
        if (found) dropped.push(found[1]);
        model = model.filter((other) => other !== found);
      } else {
        map.clear();
        dropped.push(...model.map(([, held]) => held));
        model = [];
      }
      same(
        [i, map.size, new Set(map.entries().map(([, held]) => held))],
        [i, model.length, new Set(model.map(([, held]) => held))],
      );
    });
    same(forgotten, dropped);
  },
);
