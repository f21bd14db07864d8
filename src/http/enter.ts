import type { ServerResponse } from 'node:http';
import type { Part, VisitorRequest } from '../part.ts';
import type { Member, Route, Scope } from '../scope.ts';
import { admit, openVisit, scopeOf } from './visit.ts';

/** A guard as the door sees it. */
export interface Door extends Member {
  readonly clock: Scope['clock'];
  /** Takes the guard's parts into the scope. Those that must admit this visitor come back. */
  join(scope: Scope): Part[];
  /** The client for this request: made when a handler asks for it. */
  clientIn(scope: Scope): unknown;
  /** Says something once. */
  warn(code: string, message: string): void;
}

/** A request on its way in, whatever the framework. */
export interface Arrival {
  /** Node's own, which carries the scope through whatever stands between two guards. */
  readonly req: VisitorRequest;
  readonly res: ServerResponse;
  /** What handlers find `gemini` on. */
  readonly holder: object;
  /** The request as admission parts see it, with the address that the framework believes. */
  readonly seen: VisitorRequest;
  /** Names the route once the request is over. */
  route(): Route;
  /** What is wrong when callers can choose the address they are counted by. */
  proxyTrouble(): string | undefined;
}

/** A visitor who has come in, unless he must wait for his admission. */
export interface Entry {
  readonly scope: Scope;
  /** Rejects when a part turns the visitor away. */
  readonly admission: Promise<void> | undefined;
}

/**
 * Opens the scope and admits the visitor; at once where that can be done, for each promise costs every request.
 * @throws GeminiError when a part turns the visitor away
 */
export function enter(door: Door, arrival: Arrival): Entry {
  const { req, res, holder } = arrival;
  const known = scopeOf(req);
  const scope = known ?? openVisit(req, res, door.clock);
  if (!known) scope.route = arrival.route;
  // Of a single part above and a whole guard below it, the whole one knows which client and transport to use.
  if (!known || door.whole || !('gemini' in holder)) offerClient(door, holder, scope);
  const trouble = door.parts.get('rateLimit') && arrival.proxyTrouble();
  if (trouble) door.warn('GG_TRUST_PROXY', trouble);
  const admitting = door.join(scope);
  return { scope, admission: admitting.length > 0 ? admit(admitting, scope, arrival.seen, res) : undefined };
}

/** The same for those who wait in any case. */
export async function entering(door: Door, arrival: Arrival): Promise<Scope> {
  const { scope, admission } = enter(door, arrival);
  await admission;
  return scope;
}

const OFFER = Symbol.for('gemini-guard.offer');

/**
 * From whom a holder gets its client. A class: literals that V8 has seen live on it makes old at once, and one that is old keeps
 * its request alive until the next full collection, and all that this refers to.
 */
class Offer {
  readonly #door: Door;
  readonly #scope: Scope;
  #client: unknown;

  constructor(door: Door, scope: Scope) {
    this.#door = door;
    this.#scope = scope;
  }

  get client(): unknown {
    this.#client ??= this.#door.clientIn(this.#scope);
    return this.#client;
  }
}

/** `gemini`: made when it is asked for, and then the same one. */
function offerClient(door: Door, holder: object, scope: Scope): void {
  Object.defineProperty(holder, OFFER, { value: new Offer(door, scope), configurable: true });
  Object.defineProperty(holder, 'gemini', GEMINI);
}

/** One getter for all: with one of its own each request would have a shape of its own, and be slow to read for everybody. */
const GEMINI: PropertyDescriptor = {
  get(this: Record<symbol, Offer>) {
    return this[OFFER]?.client;
  },
  configurable: true,
  enumerable: false,
};
