import { getEventListeners } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Guard } from '../../../src/index.ts';
import type { Face } from '../virtual-clock.ts';
import type { History, Outcome } from './history.ts';
import { type Asker, ask } from './questions.ts';
import type { Visitor } from './settings.ts';
import { arrive } from './wire.ts';

/** Where visitors come to. */
export interface Place {
  readonly history: History;
  readonly clock: Face;
  readonly guards: readonly Guard[];
}

/** One visitor, from his coming until all that he has begun is over. */
export async function visit(place: Place, i: number, visitor: Visitor): Promise<Outcome> {
  const isServed = visitor.manner === 'handler' || visitor.manner === 'middleware';
  return isServed ? served(place, i, visitor) : alone(place, i, visitor);
}

async function alone({ history, clock, guards }: Place, i: number, visitor: Visitor): Promise<Outcome> {
  const guard = guards[visitor.process] as Guard;
  const door = new AbortController();
  const leaving = leaves(clock, visitor, () => door.abort(new Error('enough')));
  const { process, project } = visitor;
  const asker: Asker = { history, clock, guard, visitor: i, process, project, startedAt: () => undefined };
  try {
    await (visitor.manner === 'run'
      ? guard.run(() => all(asker, visitor), { signal: door.signal, id: idOf(i) })
      : all({ ...asker, signal: door.signal }, visitor));
    return { visitor: i, at: clock.now(), isAnswered: true };
  } catch (error) {
    return { visitor: i, at: clock.now(), isAnswered: false, error };
  } finally {
    clock.clearTimeout(leaving);
    // Of streams that are still open there may be one each.
    if (visitor.questions.every(({ isStream }) => !isStream)) {
      history.listenersLeft += getEventListeners(door.signal, 'abort').length;
    }
  }
}

async function served({ history, clock, guards }: Place, i: number, visitor: Visitor): Promise<Outcome> {
  const guard = guards[visitor.process] as Guard;
  const { req, res, socket, leave, closed } = arrive(idOf(i));
  const leaving = leaves(clock, visitor, leave);
  let startedAt: number | undefined;
  let over: () => void = () => {};
  const routed = new Promise<void>((resolve) => {
    over = resolve;
  });
  const route = async (_req: IncomingMessage, to: ServerResponse): Promise<void> => {
    const asker: Asker = {
      history,
      clock,
      guard,
      visitor: i,
      process: visitor.process,
      project: visitor.project,
      startedAt: () => {
        startedAt ??= clock.now();
        return startedAt;
      },
      write: (chunk) => {
        if (!to.headersSent) to.writeHead(200, { 'content-type': 'text/event-stream' });
        if (!to.writableEnded) to.write(chunk);
      },
    };
    try {
      const text = await all(asker, visitor);
      if (!to.headersSent) to.setHeader('content-type', 'application/json');
      if (!to.writableEnded) to.end(to.headersSent ? undefined : text);
    } finally {
      over();
    }
  };
  // What a framework does with what nobody has answered.
  const last = (): void => void (res.headersSent ? socket.destroy() : res.writeHead(500).end());
  if (visitor.manner === 'handler') (guard.handler(route) as (...given: unknown[]) => unknown)(req, res, last);
  else
    guard(req as never, res as never, (error?: unknown) => {
      const fail = (thrown: unknown): void => guard.errors(thrown, req, res, last);
      if (error) fail(error);
      else route(req, res).catch(fail);
    });
  await closed;
  const at = clock.now();
  clock.clearTimeout(leaving);
  // A visitor who was turned away at the door has no route; none is here.
  await routed;
  const { text, hasLeft, writtenAfter } = socket;
  const isAnswered = text.startsWith('HTTP/1.1 200') && !text.includes('event: error') && res.writableFinished;
  return { visitor: i, at, isAnswered, wire: { text, isClosedByVisitor: hasLeft, writtenAfter } };
}

async function all(asker: Asker, { questions, isParallel }: Visitor): Promise<string> {
  if (isParallel) {
    const settled = await Promise.allSettled(questions.map((question) => ask(asker, question)));
    const failed = settled.find((one) => one.status === 'rejected');
    if (failed) throw failed.reason;
    return settled.map((one) => (one as PromiseFulfilledResult<string>).value).join('');
  }
  let text = '';
  for (const question of questions) text += await ask(asker, question);
  return text;
}

function leaves(clock: Face, { leavesAt }: Visitor, leave: () => void): unknown {
  return leavesAt === Number.POSITIVE_INFINITY
    ? undefined
    : clock.setTimeout(leave, Math.max(0, leavesAt - clock.now()));
}

function idOf(visitor: number): string {
  return `visitor-${visitor}`;
}
