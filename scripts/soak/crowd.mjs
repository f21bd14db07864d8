// Visitors on bare sockets: so many at once, each with one request at a time. Some leave.
import { connect } from 'node:net';

const BROKEN = '{"n":';

/** Resolves with what became of `count` requests. */
export async function crowd({ port, connections, first, count }) {
  const seen = { answered: 0, left: 0, refused: 0, unanswered: 0, cut: 0, statuses: {} };
  let next = first;
  const take = () => (next < first + count ? next++ : undefined);
  await Promise.all(Array.from({ length: connections }, () => new Seat(port, take, seen).done));
  return seen;
}

/** One of them, in the order of its numbers: who leaves and when, and who asks for a stream, is the same in every run. */
class Seat {
  #text = '';
  #n;
  #socket;

  constructor(port, take, seen) {
    this.port = port;
    this.take = take;
    this.seen = seen;
    this.done = new Promise((resolve) => {
      this.finish = resolve;
    });
    this.connect();
  }

  connect() {
    const socket = connect(this.port, '127.0.0.1').setNoDelay(true).setEncoding('latin1');
    this.#socket = socket;
    socket.on('connect', () => this.ask());
    socket.on('error', () => {});
    socket.on('data', (data) => {
      this.#text += data;
      if (isWhole(this.#text)) this.over(socket);
    });
    socket.on('close', () => {
      if (socket !== this.#socket) return;
      if (this.#n !== undefined) this.seen[this.#text === '' ? 'unanswered' : 'cut']++;
      this.connect();
    });
  }

  ask() {
    const n = this.take();
    this.#n = n;
    this.#text = '';
    if (n === undefined) {
      const socket = this.#socket;
      this.#socket = undefined;
      socket.destroy();
      this.finish();
      return;
    }
    const body = n % 97 === 0 ? BROKEN : `{"n":${n}}`;
    const head = `POST ${n % 10 < 3 ? '/stream' : '/ask'} HTTP/1.1\r\nhost: soak\r\ncontent-type: application/json\r\n`;
    this.#socket.write(`${head}content-length: ${body.length}\r\n\r\n${body}`);
    // 3 % leave: at once, or some milliseconds later, in whatever the guard is doing for them by then.
    if (n % 33 === 0) setTimeout(() => this.leave(n), (n / 33) % 12);
  }

  leave(n) {
    if (this.#n !== n) return;
    this.seen.left++;
    this.#n = undefined;
    this.#socket.destroy();
  }

  over(socket) {
    const status = this.#text.slice(9, 12);
    this.seen.statuses[status] = (this.seen.statuses[status] ?? 0) + 1;
    this.seen.answered++;
    this.#n = undefined;
    if (!/\r\nconnection: close\r\n/i.test(this.#text)) this.ask();
    else socket.destroy();
  }
}

function isWhole(text) {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const length = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, end + 2))?.[1];
  return length === undefined ? text.endsWith('\r\n0\r\n\r\n') : text.length >= end + 4 + Number(length);
}
