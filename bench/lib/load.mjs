// A load generator: so many connections, each with one request at a time, of so many callers in turn, for so many models. Its cost
// is not the server's.
import { connect } from 'node:net';
import { quantile } from './stats.mjs';

process.send({});
process.on('message', async ({ port, path, connections, ms, callers = 1, models = 1 }) => {
  const requests = Array.from({ length: Math.max(callers, models) }, (_, i) => {
    const model = models > 1 ? { model: `model-${i % models}` } : {};
    const body = JSON.stringify({ prompt: 'How does a circuit breaker protect an upstream service?', ...model });
    const caller = callers > 1 ? `x-visitor: ${i % callers}\r\n` : '';
    const head = `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n${caller}content-type: application/json\r\n`;
    return Buffer.from(`${head}content-length: ${body.length}\r\n\r\n${body}`);
  });
  let sent = 0;
  const nextRequest = () => requests[sent++ % requests.length];
  const until = performance.now() + ms;
  const seen = { latencies: [], firsts: [], failed: 0 };
  await Promise.all(Array.from({ length: connections }, () => client(port, nextRequest, until, seen)));
  const { latencies, firsts, failed } = seen;
  process.send({
    requests: latencies.length,
    failed,
    perSecond: (latencies.length / ms) * 1000,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    first: quantile(firsts, 0.5),
  });
});

/** One connection until the time is up. */
function client(port, nextRequest, until, seen) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1').setNoDelay(true);
    let begun = 0;
    let first = 0;
    let text = '';
    const next = () => {
      if (performance.now() >= until) {
        socket.destroy();
        resolve();
        return;
      }
      text = '';
      first = 0;
      begun = performance.now();
      socket.write(nextRequest());
    };
    socket.setEncoding('latin1');
    socket.on('connect', next);
    socket.on('data', (data) => {
      text += data;
      const headEnd = text.indexOf('\r\n\r\n');
      if (headEnd < 0) return;
      if (!first && text.length > headEnd + 4) first = performance.now() - begun;
      if (!isWhole(text, headEnd)) return;
      if (!text.startsWith('HTTP/1.1 200')) seen.failed++;
      seen.latencies.push(performance.now() - begun);
      seen.firsts.push(first);
      next();
    });
    socket.on('error', () => {
      seen.failed++;
      resolve();
    });
  });
}

function isWhole(text, headEnd) {
  const length = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, headEnd))?.[1];
  return length === undefined ? text.endsWith('0\r\n\r\n') : text.length >= headEnd + 4 + Number(length);
}
