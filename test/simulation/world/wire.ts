import { IncomingMessage, ServerResponse } from 'node:http';
import { Duplex } from 'node:stream';

/** The visitor's end of a connection: keeps what it gets. */
class SimulatedSocket extends Duplex {
  text = '';
  writtenAfter = 0;
  hasLeft = false;

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    if (this.hasLeft) this.writtenAfter += chunk.byteLength;
    this.text += chunk.toString('latin1');
    done();
  }

  /** Of a socket, for a server that wants to bound its idle time. */
  setTimeout(): this {
    return this;
  }
}

export interface Arrived {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly socket: SimulatedSocket;
  /** The visitor closes his connection. */
  leave(): void;
  /** Kept when the response is over, one way or the other. */
  readonly closed: Promise<void>;
}

/** A request as a server of Node hands it over, on a connection in memory. */
export function arrive(id: string): Arrived {
  const socket = new SimulatedSocket();
  const req = new IncomingMessage(socket as never);
  Object.assign(req, {
    method: 'POST',
    url: '/ask',
    httpVersion: '1.1',
    httpVersionMajor: 1,
    httpVersionMinor: 1,
    headers: { 'x-request-id': id },
  });
  const res = new ServerResponse(req);
  res.assignSocket(socket as never);
  // As the server does it: a response that is written is closed.
  res.on('finish', () => {
    res.detachSocket(socket as never);
    process.nextTick(() => {
      if (res.closed) return;
      Object.assign(res, { destroyed: true, _closed: true });
      res.emit('close');
    });
  });
  const closed = new Promise<void>((resolve) => void res.once('close', resolve));
  const leave = (): void => {
    if (res.closed || res.writableFinished) return;
    socket.hasLeft = true;
    socket.destroy();
  };
  return { req, res, socket, leave, closed };
}
