import { load } from './load.ts';

let crypto: typeof import('node:crypto') | undefined;
let net: typeof import('node:net') | undefined;

/** Modules of Node, loaded when they are first used: imported, they would be more than a megabyte of what this package costs. */
export const node = {
  /** Kept, as the next: every request has an id and an address. */
  get crypto(): typeof import('node:crypto') {
    crypto ??= load('node:crypto') as typeof import('node:crypto');
    return crypto;
  },
  get net(): typeof import('node:net') {
    net ??= load('node:net') as typeof import('node:net');
    return net;
  },
  get stream(): typeof import('node:stream') {
    return load('node:stream') as typeof import('node:stream');
  },
  get zlib(): typeof import('node:zlib') {
    return load('node:zlib') as typeof import('node:zlib');
  },
};
