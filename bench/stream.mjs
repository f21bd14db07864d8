// What the guard costs a stream: CPU for each chunk, and time until the first, above the bare SDK. Both take turns, so that
// whatever else the machine does falls on both. `--short`: fewer rounds.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { GoogleGenAI } from '@google/genai';
import { geminiGuard } from '../dist/esm/index.js';

const short = process.argv.includes('--short');
const ROUNDS = short ? 8 : 40;
const CHUNKS = 2000;
const FIRSTS = short ? 20 : 100;

const upstream = fork(fileURLToPath(new URL('stream/upstream.mjs', import.meta.url)));
const [port] = await once(upstream, 'message');
const guard = geminiGuard({ log: false });
const client = (fetch) =>
  new GoogleGenAI({ apiKey: 'bench-key', httpOptions: { baseUrl: `http://127.0.0.1:${port}`, fetch } });
const sides = { bare: client((url, init) => fetch(url, init)), guarded: client(guard.fetch) };

/** Microseconds of CPU for each chunk. */
async function cpuPerChunk(ai) {
  const before = process.cpuUsage();
  let chunks = 0;
  for await (const _ of await ai.models.generateContentStream({ model: `chunks-${CHUNKS}`, contents: 'Why?' })) chunks++;
  const { user, system } = process.cpuUsage(before);
  if (chunks !== CHUNKS) throw new Error(`${chunks} of ${CHUNKS} chunks`);
  return (user + system) / chunks;
}

/** Milliseconds until the first chunk. */
async function firstChunk(ai) {
  const begun = performance.now();
  let first;
  for await (const _ of await ai.models.generateContentStream({ model: 'chunks-2', contents: 'Why?' }))
    first ??= performance.now() - begun;
  return first;
}

const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

async function compare(what, rounds, unit) {
  const got = { bare: [], guarded: [] };
  for (let round = -2; round < rounds; round++) {
    const order = round % 2 === 0 ? ['bare', 'guarded'] : ['guarded', 'bare'];
    for (const side of order) {
      const value = await what(sides[side]);
      // The first two rounds warm up.
      if (round >= 0) got[side].push(value);
    }
  }
  const pairs = got.guarded.map((value, i) => value - got.bare[i]);
  const [bare, guarded, added] = [got.bare, got.guarded, pairs].map((numbers) => median([...numbers]));
  return { bare, guarded, added, unit };
}

const rows = [
  ['CPU per chunk', await compare(cpuPerChunk, ROUNDS, 'us')],
  ['time to first chunk', await compare(firstChunk, FIRSTS, 'ms')],
];
console.log('median of                   bare   guarded     added (median of the differences)');
for (const [name, { bare, guarded, added, unit }] of rows) {
  const [a, b, c] = [bare, guarded, added].map((value) => value.toFixed(2).padStart(8));
  console.log(`${name.padEnd(22)}${a}  ${b}  ${c} ${unit}`);
}
upstream.kill();
await guard.close();
