// One server under test in a process of its own: argv kind, upstream. It counts its requests and its CPU time itself.
import { createServer } from 'node:http';

const [kind, upstream] = process.argv.slice(2);
const [name, variant] = kind.split(':');
const { create } = await import(`../servers/${name}.mjs`);
const app = await create({ upstream, model: 'gemini-3.8-flash', variant });
let requests = 0;
const server = createServer((req, res) => {
  requests++;
  app(req, res);
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', 4096, () => process.send({ kind, port: server.address().port }));
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send({ requests, cpuUs: user + system, rss: process.memoryUsage.rss() });
});
