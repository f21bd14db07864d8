import { connect, type Socket } from 'node:net';

export interface Ask {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

/** An HTTP response as it came over the wire. */
export interface Visited {
  readonly raw: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The body, parsed; undefined when it is no JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read whatever a server sent.
  readonly json: any;
}

/** A visitor on a bare socket: each byte of the answer is seen, and it can leave at any moment. */
export class Visitor {
  readonly socket: Socket;
  received = '';
  readonly #closed: Promise<void>;

  constructor(url: string, path: string, { method, headers = {}, body = '' }: Ask = {}) {
    const { hostname, port, host } = new URL(url);
    const verb = method ?? (body ? 'POST' : 'GET');
    const sent = {
      host,
      connection: 'close',
      ...(body ? { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) } : {}),
      ...headers,
    };
    const lines = Object.entries(sent).map(([name, value]) => `${name}: ${value}\r\n`);
    this.socket = connect(Number(port), hostname);
    this.socket.setEncoding('latin1');
    this.socket.on('error', () => {});
    this.socket.on('data', (text: string) => {
      this.received += text;
    });
    this.#closed = new Promise((resolve) => {
      this.socket.once('close', () => resolve());
    });
    this.socket.write(`${verb} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`);
  }

  /** Resolves once this text has arrived. */
  async sees(text: string): Promise<void> {
    while (!this.received.includes(text)) {
      await new Promise<void>((resolve, reject) => {
        this.socket.once('data', () => resolve());
        this.socket.once('close', () => reject(new Error(`the answer ended without it: ${this.received}`)));
      });
    }
  }

  /** Cuts the connection. The time of it in milliseconds since 1970. */
  leave(): number {
    this.socket.destroy();
    return performance.timeOrigin + performance.now();
  }

  /** The whole answer. @throws when it is not exactly one. */
  async answer(): Promise<Visited> {
    await this.#closed;
    const raw = Buffer.from(this.received, 'latin1').toString();
    const end = raw.indexOf('\r\n\r\n');
    const [statusLine = '', ...lines] = raw.slice(0, end).split('\r\n');
    const headers = Object.fromEntries(
      lines.map((line) => {
        const at = line.indexOf(':');
        return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()];
      }),
    );
    const rest = raw.slice(end + 4);
    const body = headers['transfer-encoding'] === 'chunked' ? unchunked(rest) : rest;
    expect(raw.match(/^HTTP\/1\.1 \d{3}/gm)).toHaveLength(1);
    const length = headers['content-length'];
    if (length !== undefined) expect(Buffer.byteLength(body)).toBe(Number(length));
    return { raw, status: Number(statusLine.split(' ')[1]), headers, body, json: parsed(body) };
  }
}

function unchunked(text: string): string {
  let body = '';
  let left = Buffer.from(text);
  while (left.length > 0) {
    const end = left.indexOf('\r\n');
    const size = Number.parseInt(left.subarray(0, end).toString(), 16);
    if (!(size > 0)) break;
    body += left.subarray(end + 2, end + 2 + size).toString();
    left = left.subarray(end + 2 + size + 2);
  }
  return body;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
