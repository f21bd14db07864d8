import { Server, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { Duplex, Writable } from 'node:stream';
import { leaks, see } from './canaries.ts';

// Runs before each test file: nothing that a server of a test answers, and nothing that is written to any stream (logs,
// files), may hold the key or the prompt that the tests call Gemini with.

// As it is in Node: jest makes it 100, and errors are made here by the ten thousand.
Error.stackTraceLimit = 10;

/** A secret may be cut in two by a chunk. */
const TAIL = 100;
const WATCHED = Symbol.for('gemini-guard.watched');

/** Those who play Google's part, or a proxy's, may say what they like: the paths of the API tell them. */
const GOOGLES = /^(?:https?:|\/v1|\/upload|\/download)/;

type Watched<T> = T & { [WATCHED]?: string };

/** Core modules are one for all test files of a worker. */
if (!(WATCHED in Server.prototype)) {
  Object.assign(Server.prototype, { [WATCHED]: true });
  const emit = Server.prototype.emit;
  Server.prototype.emit = function (this: Server, event: string, ...given: unknown[]) {
    const [request] = given as [{ url?: string; socket?: Watched<Socket> } | undefined];
    if (event === 'request' && request?.socket) {
      if (GOOGLES.test(request.url ?? '')) delete request.socket[WATCHED];
      else request.socket[WATCHED] = '';
    }
    return Reflect.apply(emit, this, [event, ...given]);
  } as typeof emit;

  // Heads and bodies as they go out ...
  const send = Socket.prototype.write;
  Socket.prototype.write = function (this: Watched<Socket>, ...given: unknown[]) {
    if (this[WATCHED] !== undefined) see('a response', textOf(given[0]));
    return Reflect.apply(send, this, given);
  } as typeof send;

  // ... and bodies without the lengths that stand between their chunks.
  for (const name of ['write', 'end'] as const) {
    const original = ServerResponse.prototype[name] as (...given: unknown[]) => unknown;
    Object.assign(ServerResponse.prototype, {
      [name](this: Watched<ServerResponse>, ...given: unknown[]) {
        if (!GOOGLES.test(this.req?.url ?? '')) {
          const text = (this[WATCHED] ?? '') + textOf(given[0]);
          see('a response', text);
          this[WATCHED] = text.slice(-TAIL);
        }
        return Reflect.apply(original, this, given);
      },
    });
  }

  const write = Writable.prototype.write;
  Writable.prototype.write = function (this: Writable, ...given: unknown[]) {
    if (!(this instanceof Duplex)) see('a stream', textOf(given[0]));
    return Reflect.apply(write, this, given);
  } as typeof write;
}

afterEach(() => {
  const [leak] = leaks.splice(0);
  // Not by expect(): it would count among the assertions of the test.
  if (leak !== undefined) throw new Error(`a canary has left the guard, in ${leak}`);
});

function textOf(chunk: unknown): string {
  if (typeof chunk === 'string') return chunk;
  return ArrayBuffer.isView(chunk) ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString() : '';
}
