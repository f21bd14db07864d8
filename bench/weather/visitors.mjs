// Visitors of all servers at once. They come when the schedule says, whatever became of those before them, wait for as long as
// they have patience, and leave. Message: `{ ports, arrivals, patienceMs, beginsAt, warmUps }`.
import { Agent, request } from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const [factor] = process.env.BENCH_TIME.split(' ').map(Number);

process.send({});
process.on('message', async ({ ports, arrivals, patienceMs, beginsAt, warmUps }) => {
  const loop = monitorEventLoopDelay({ resolution: 10 });
  loop.enable();
  const lanes = ports.map((port) => ({ port, agent: new Agent({ keepAlive: true, maxSockets: Infinity, maxFreeSockets: 1024 }) }));
  const all = await Promise.all(
    lanes.map((lane) => {
      const one = (visitor, patience) => visit(lane, visitor, patience, beginsAt);
      if (warmUps) return Promise.all(Array.from({ length: warmUps }, (_, i) => one(1_000_000 + i, patienceMs)));
      return Promise.all(
        arrivals.map(
          (at, visitor) =>
            new Promise((resolve) => {
              setTimeout(() => resolve(one(visitor, patienceMs)), beginsAt + at - performance.now());
            }),
        ),
      );
    }),
  );
  loop.disable();
  // How late the machine itself was, in the time of the trial.
  process.send({ visits: all, lagMs: (loop.percentile(99) / 1e6 - 10) * factor });
});

function visit({ port, agent }, visitor, patienceMs, beginsAt) {
  const begun = performance.now();
  const seen = { at: begun - beginsAt, endedAt: -1, status: 'none' };
  const body = JSON.stringify({ prompt: `Why is the sky blue? I am visitor ${visitor}.` });
  const headers = { 'content-type': 'application/json', 'content-length': body.length, 'x-visitor': String(visitor) };
  return new Promise((resolve) => {
    const end = (status) => {
      if (seen.endedAt >= 0) return;
      clearTimeout(timer);
      Object.assign(seen, { status, endedAt: performance.now() - beginsAt });
      resolve(seen);
    };
    const req = request({ agent, port, host: '127.0.0.1', path: '/generate', method: 'POST', headers }, (res) => {
      let text = '';
      res.setEncoding('utf8').on('data', (piece) => (text += piece));
      res.on('close', () => {
        if (!res.complete) return end('cut');
        return end(res.statusCode === 200 && !text.includes('the model answers') ? 'nonsense' : String(res.statusCode));
      });
    });
    const timer = setTimeout(() => {
      end('left');
      req.destroy();
    }, patienceMs);
    req.on('error', () => end('cut'));
    req.end(body);
  });
}
