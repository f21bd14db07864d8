// The fake Gemini of a soak, in a process of its own: a known part of its answers is wrong, the same ones in every run.
import { fakeGemini, fault } from '../../dist/esm/testing/index.js';

/** In a thousand calls. `hang` costs the time of an attempt, so it is rare. */
const FAULTS = [
  [20, () => fault.overloaded()],
  [20, () => fault.quotaPerMinute({ retryDelay: '0.02s' })],
  [10, () => fault.internal()],
  [10, () => fault.reset()],
  [10, () => fault.cut()],
  [5, () => fault.brokenJson(200)],
  [5, () => fault.htmlPage()],
  [5, () => fault.errorIn200()],
  [5, () => fault.blockedPrompt()],
  [5, () => fault.empty()],
  [5, () => fault.invalidArgument()],
  [2, () => fault.hang()],
  [2, () => fault.hangBody()],
];
const STREAM_FAULTS = [
  [10, () => fault.streamErrorFirst()],
  [10, () => fault.streamErrorAfter(1)],
  [10, () => fault.streamCutAfter(1)],
  [5, () => fault.streamNoFinish(1)],
  [2, () => fault.streamStallAfter(1)],
];

const gemini = await fakeGemini();
let n = 0;
let at = 0;

/** Faults are spread over the thousand, so that no two come in a row. */
function pick(faults) {
  let left = (n++ * 617) % 1000;
  for (const [share, make] of faults) {
    if (left < share) return make();
    left -= share;
  }
  return undefined;
}

/** A call that nothing is wrong with gets the answer of the fake itself. */
function plan() {
  gemini.reset();
  gemini.always((call) => {
    const reply = pick(call.method === 'streamGenerateContent' ? [...STREAM_FAULTS, ...FAULTS] : FAULTS);
    return reply ?? GOOD[call.method] ?? GOOD.generateContent;
  });
}

const candidate = (text, end) => ({
  candidates: [{ content: { role: 'model', parts: [{ text }] }, index: 0, ...(end ? { finishReason: 'STOP' } : {}) }],
  usageMetadata: { promptTokenCount: 8, candidatesTokenCount: 12, totalTokenCount: 20 },
});
const GOOD = {
  generateContent: {
    name: 'good',
    play: ({ response }) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(candidate('A good answer. '.repeat(20), true)));
    },
  },
  streamGenerateContent: {
    name: 'good stream',
    async play({ response }) {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const last of [false, false, true]) {
        response.write(`data: ${JSON.stringify(candidate('A good piece. ', last))}\r\n\r\n`);
        await new Promise((resolve) => setImmediate(resolve));
      }
      response.end();
    },
  },
};

plan();
process.send({ env: gemini.env() });
process.on('message', () => {
  at += gemini.calls.length;
  // Its record of calls would grow for ever.
  plan();
  process.send({ calls: at });
});
process.on('disconnect', () => process.exit());
