// A slow network: everything that passes, both ways, arrives later, in its order.
import { connect, createServer } from 'node:net';

export async function slowProxy(port) {
  const sockets = new Set();
  let delayMs = 0;
  const carry = (from, to) => {
    let last = Promise.resolve();
    from.on('data', (chunk) => {
      const arrives = new Promise((resolve) => setTimeout(resolve, delayMs));
      last = Promise.all([last, arrives]).then(() => to.writable && to.write(chunk));
    });
    from.on('error', () => {});
    from.on('close', () => void last.then(() => to.destroy()));
  };
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    carry(near, far);
    carry(far, near);
    for (const socket of [near, far]) {
      sockets.add(socket.setNoDelay(true));
      socket.once('close', () => sockets.delete(socket));
    }
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    port: server.address().port,
    delay(ms) {
      delayMs = ms;
    },
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
