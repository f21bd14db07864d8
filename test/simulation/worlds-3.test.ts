import { expectWorldsToHold } from './expect-worlds.ts';

expectWorldsToHold(3);
