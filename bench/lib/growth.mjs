// argv: calls. Sends the heap after each tenth of them to who has started it. Of the files before they are bundled: it takes the place
// of one.
import { geminiGuard } from '../../dist/esm/index.js';
import { Pools } from '../../dist/esm/upstream/pools.js';

const calls = Number(process.argv[2]);
const URL_ = 'http://127.0.0.1:1/v1beta/models/gemini-3.8-flash:generateContent';
const ANSWER = Buffer.from(
  JSON.stringify({
    candidates: [{ content: { parts: [{ text: 'a short answer' }], role: 'model' }, finishReason: 'STOP' }],
    usageMetadata: { promptTokenCount: 214, candidatesTokenCount: 96 },
  }),
);
const controller = { pause() {}, resume() {}, abort() {} };
Pools.prototype.load = () => {};
Pools.prototype.of = () => ({
  dispatch(_options, handler) {
    setImmediate(() => {
      handler.onRequestStart(controller);
      handler.onResponseStart(controller, 200, { 'content-type': 'application/json' }, 'OK');
      handler.onResponseData(controller, ANSWER);
      handler.onResponseEnd(controller, {});
    });
    return true;
  },
});

const guard = geminiGuard();
const headers = { 'content-type': 'application/json', 'x-goog-api-key': 'key' };
const one = async () => (await guard.fetch(URL_, { method: 'POST', headers, body: '{"contents":[]}' })).json();
async function run(count) {
  for (let done = 0; done < count; done += 16) await Promise.all(Array.from({ length: 16 }, one));
}

const rows = [];
const note = (done) => {
  for (let i = 0; i < 3; i++) globalThis.gc();
  rows.push({ done, heap: process.memoryUsage().heapUsed });
};
// Whatever is filled once and compiled is there by then.
await run(Math.min(100_000, calls));
note(0);
for (let tenth = 1; tenth <= 10; tenth++) {
  await run(calls / 10);
  note((tenth * calls) / 10);
}
process.send(rows);
