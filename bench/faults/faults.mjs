import { answer, fault } from 'gemini-guard/testing';
import { FACTOR } from './server.mjs';

const WHOLE = 'Rayleigh scattering.';
const SLOW_MS = 20_000 / FACTOR;

/** Undefined where the visitor got the whole answer; else in one word what he got. */
function whole(got, text = WHOLE) {
  if (got.hung) return 'nothing, for ever';
  if (got.isWhole && got.text === text) return undefined;
  if (got.isWhole) return `«${got.text}», taken for whole`;
  return got.code ? `told: ${got.code}` : got.cut ? 'a broken connection' : `a page with status ${got.status}`;
}

/** Undefined where he was told the truth, once. */
function told(got, ...codes) {
  if (got.hung) return 'nothing, for ever';
  if (got.isWhole) return `«${got.text}», taken for whole`;
  if (got.errors === 1 && codes.includes(got.code)) return undefined;
  if (got.errors > 1) return `${got.errors} errors`;
  return got.code ? `told: ${got.code}` : got.cut ? 'a broken connection' : `a page with status ${got.status}`;
}

/** The first failure of several questions to fresh scripts. */
async function each(checks) {
  for (const check of checks) {
    const wrong = await check();
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

/** Both routes, each after the same failures. */
function bothRoutes({ gemini, ask }, script) {
  return each(
    ['/unary', '/stream'].map((path) => async () => {
      gemini.script(script);
      return whole(await ask(path));
    }),
  );
}

/** In packets of their own: a stream that has begun. */
async function midStream({ gemini, ask }, reply, ...codes) {
  gemini.latency({ chunkMs: 30 });
  gemini.script(reply);
  const got = await ask('/stream');
  return told(got, ...codes) ?? (got.text.split('Rayleigh').length === 2 ? undefined : 'text twice, or none');
}

/** Two good chunks, and one that is no JSON. */
const malformed = {
  name: 'malformed',
  async play(exchange) {
    exchange.open(200, { 'content-type': 'text/event-stream' });
    for (const text of ['Rayleigh ', 'scattering']) {
      await exchange.write(`data: ${JSON.stringify({ candidates: [{ content: { parts: [{ text }] } }] })}\r\n\r\n`);
      await exchange.pause(30);
    }
    await exchange.write('data: {"candidates": [{"content\r\n\r\n');
    exchange.end();
  },
};

/** `play` says what went wrong, or nothing. */
export const FAULTS = [
  {
    name: '429 that names its wait',
    async play({ gemini, ask }) {
      gemini.script([fault.quotaPerMinute({ retryDelay: '12s' })]);
      const begun = performance.now();
      const wrong = whole(await ask('/unary'));
      const waitedMs = (performance.now() - begun) * FACTOR;
      return wrong ?? (waitedMs >= 12_000 ? undefined : `asked again after ${Math.round(waitedMs)} ms`);
    },
  },
  {
    name: '429 that names none',
    play: (server) => bothRoutes(server, [fault.quotaPerMinute({ retryDelay: null })]),
  },
  { name: '500, once', play: (server) => bothRoutes(server, [fault.internal()]) },
  { name: '503, twice', play: (server) => bothRoutes(server, [fault.overloaded(), fault.overloaded()]) },
  { name: 'connection reset', play: (server) => bothRoutes(server, [fault.reset()]) },
  { name: 'no response', play: (server) => bothRoutes(server, [fault.hang()]) },
  {
    name: 'slow first token',
    async play({ gemini, ask }) {
      gemini.script(fault.slow(SLOW_MS));
      const wrong = whole(await ask('/stream'));
      return wrong ?? (gemini.calls.length === 1 ? undefined : `${gemini.calls.length} calls`);
    },
  },
  { name: 'stream cut', play: (server) => midStream(server, fault.streamCutAfter(2), 'overloaded') },
  { name: 'stream stalled', play: (server) => midStream(server, fault.streamStallAfter(2), 'timeout') },
  { name: 'malformed chunk', play: (server) => midStream(server, malformed, 'overloaded', 'no_answer') },
  { name: 'no end mark', play: (server) => midStream(server, fault.streamNoFinish(2), 'overloaded') },
  {
    name: 'context too long',
    play: ({ gemini, ask }) =>
      each(
        ['/unary', '/stream'].map((path) => async () => {
          gemini.reset();
          gemini.always(fault.contextTooLong());
          const got = await ask(path);
          if (gemini.calls.length !== 1) return `${gemini.calls.length} calls`;
          return told(got, 'input_too_long') ?? (got.status === 413 ? undefined : `status ${got.status}`);
        }),
      ),
  },
  {
    name: 'content filter',
    play: ({ gemini, ask }) =>
      each([
        ...[fault.blockedPrompt(), fault.blockedResponse()].flatMap((reply) =>
          ['/unary', '/stream'].map((path) => async () => {
            gemini.script(reply);
            return told(await ask(path), 'blocked');
          }),
        ),
        async () => {
          gemini.latency({ chunkMs: 30 });
          gemini.script(answer.stream(['Rayleigh ', ''], { finishReason: 'SAFETY' }));
          return told(await ask('/stream'), 'blocked');
        },
      ]),
  },
  {
    name: 'prefill kept when repeated',
    async play({ gemini, ask }) {
      const contents = [
        { role: 'user', parts: [{ text: 'Why is the sky blue?' }] },
        { role: 'model', parts: [{ text: 'Because of ' }] },
      ];
      gemini.script([fault.overloaded(), answer(WHOLE)]);
      const wrong = whole(await ask('/stream', { contents }));
      const [first, second] = gemini.calls.map(({ body }) => JSON.stringify(body));
      return wrong ?? (first === second && second.includes('Because of ') ? undefined : 'another request');
    },
  },
  {
    name: 'up and down for a minute',
    async play({ gemini, ask }) {
      const begun = performance.now();
      // Two seconds up, one second down, in the time of the guard.
      const up = () => ((performance.now() - begun) * FACTOR) % 3000 < 2000;
      gemini.always({ name: 'flapping', play: (exchange) => (up() ? answer(WHOLE) : fault.overloaded()).play(exchange) });
      const asked = [];
      for (let second = 0; second < 60; second++) {
        asked.push(ask('/unary'));
        await new Promise((resolve) => setTimeout(resolve, 1000 / FACTOR));
      }
      const got = await Promise.all(asked);
      const answered = got.filter(({ isWhole }) => isWhole).length;
      const honest = got.every(({ isWhole, code }) => isWhole || code === 'overloaded');
      // Three attempts do not outlast every outage: who is told of one is told the truth, and it is no storm.
      if (gemini.calls.length > 120) return `${gemini.calls.length} calls for 60 visitors`;
      return honest && answered >= 50 ? undefined : `${answered} of 60 answered`;
    },
  },
  {
    name: 'tokens and attempts counted',
    async play({ gemini, ask, answers }) {
      const usage = { promptTokenCount: 7, candidatesTokenCount: 11, totalTokenCount: 18 };
      gemini.script([fault.overloaded(), answer(WHOLE, { usage }), fault.internal(), answer(WHOLE, { usage })]);
      const wrong = whole(await ask('/unary')) ?? whole(await ask('/stream'));
      if (wrong !== undefined) return wrong;
      const right = answers.filter(
        ({ attempts, tokens }) => attempts === 2 && tokens.input === 7 && tokens.output === 11,
      );
      return right.length === 2 ? undefined : 'not counted';
    },
  },
];
