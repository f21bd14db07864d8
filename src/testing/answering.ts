import type { IncomingMessage, ServerResponse } from 'node:http';
import { generate, inChunks } from './answer.ts';
import { errorStatus } from './bodies.ts';
import { ConnectionGone, Exchange } from './exchange.ts';
import { gate } from './gate.ts';
import { pageHeaders } from './headers.ts';
import { newCall, readBody } from './intake.ts';
import type { Caller, KeyRing } from './keys.ts';
import { frontEndPage } from './pages.ts';
import { goodPayload, playPayload } from './payload.ts';
import type { Quotas } from './quotas.ts';
import type { CallLog } from './record.ts';
import type { Reply } from './reply.ts';
import type { Resources } from './resources.ts';
import type { Script } from './script.ts';
import type { Settings } from './settings.ts';

/** The parts of one fake that outlive a call. */
export interface Fake {
  readonly settings: Settings;
  readonly keys: KeyRing;
  readonly quotas: Quotas;
  readonly resources: Resources;
  readonly script: Script;
  readonly log: CallLog;
  /** The calls being answered. */
  readonly open: Set<Exchange>;
}

/** Answers one request; whatever goes wrong in here stays in here. */
export async function answerCall(fake: Fake, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { call, target, caller } = newCall(request, fake.keys, fake.settings.now());
  const { settings, resources, log, open } = fake;
  const exchange = new Exchange({ request, response, target, call, settings, resources, changed: () => log.notify() });
  open.add(exchange);
  response.once('close', () => open.delete(exchange));
  try {
    await readBody(request, call);
    if (call.outcome !== 'closed') log.add(call);
    if (exchange.gone) return;
    await play(exchange, fake, caller);
  } catch (error) {
    if (!(error instanceof ConnectionGone)) fail(exchange, error);
  }
}

async function play(exchange: Exchange, fake: Fake, caller: Caller | undefined): Promise<void> {
  const { reply, take } = choose(exchange, fake, caller);
  take();
  exchange.call.played = reply.name;
  await exchange.pause(fake.settings.firstByteMs());
  await reply.play(exchange);
}

/** A scripted fault wins over everything. A good answer is only given to a call that key, model and quota let in. */
function choose(exchange: Exchange, fake: Fake, caller: Caller | undefined): { reply: Reply; take: () => void } {
  const picked = fake.script.pick(exchange.call);
  if (picked && picked.reply.gated !== true) return picked;
  const nothing = (): void => {};
  if (exchange.target.method === 'unknown') return { reply: NO_SUCH_URL, take: nothing };
  const denied = gate(exchange, caller, fake.quotas);
  if (!denied) return picked ?? { reply: defaultAnswer(fake.settings.text), take: nothing };
  return { reply: { name: denied.name, play: (x) => x.sendError(denied.error) }, take: nothing };
}

const NO_SUCH_URL: Reply = {
  name: 'notFound',
  play: (exchange) => exchange.send(404, pageHeaders(), frontEndPage(404)),
};

function defaultAnswer(text: string): Reply {
  const generated = generate(inChunks(text));
  return { name: 'answer', play: (exchange) => playPayload(exchange, goodPayload(exchange, generated)) };
}

/** A mistake in a scripted function, or in the fake: the client gets a 500 that says so, the process lives on. */
function fail(exchange: Exchange, error: unknown): void {
  exchange.call.played = 'failed';
  if (exchange.response.headersSent || exchange.gone) {
    exchange.close();
    return;
  }
  const reason = error instanceof Error ? error.message : String(error);
  exchange.sendJson(500, { error: errorStatus(500, 'INTERNAL', `fakeGemini: a reply failed: ${reason}`) });
}
