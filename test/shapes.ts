import { setFlagsFromString } from 'node:v8';

// V8 tells of shapes by words that are no JavaScript.
setFlagsFromString('--allow-natives-syntax');

/** Whether code that has learned to read the one reads the other as quickly. */
export const haveSameShape = new Function('one', 'other', 'return %HaveSameMap(one, other)') as (
  one: object,
  other: object,
) => boolean;

/** Whether its members stand in places, and not in a hash table. */
export const hasPlaces = new Function('object', 'return %HasFastProperties(object)') as (object: object) => boolean;
