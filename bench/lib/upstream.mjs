// A Gemini that answers with the same bytes each time: argv chunks, milliseconds between two chunks, and before a unary answer.
import { createServer } from 'node:http';

const [chunks = '50', everyMs = '0', delayMs = '0'] = process.argv.slice(2);
const words = 'the model answers with a short paragraph about breakers and budgets so that a caller sees one clear error ';
const usage = { promptTokenCount: 214, candidatesTokenCount: 96, totalTokenCount: 310 };
const head = { vary: 'Origin, X-Origin, Referer', server: 'scaffolding on HTTPServer2', 'x-xss-protection': '0' };

const candidate = (text, more) => ({ content: { parts: [{ text }], role: 'model' }, index: 0, ...more });
const answer = Buffer.from(
  JSON.stringify(
    { candidates: [candidate(words.repeat(4), { finishReason: 'STOP' })], usageMetadata: usage, modelVersion: 'gemini-3.8-flash' },
    undefined,
    2,
  ),
);
const events = Array.from({ length: Number(chunks) }, (_, i) => {
  const last = i === Number(chunks) - 1 ? { finishReason: 'STOP' } : {};
  return Buffer.from(`data: ${JSON.stringify({ candidates: [candidate(words, last)], usageMetadata: usage })}\r\n\r\n`);
});
const unaryHead = { ...head, 'content-type': 'application/json; charset=UTF-8', 'content-length': answer.length };
const streamHead = { ...head, 'content-type': 'text/event-stream', 'content-disposition': 'attachment' };

const server = createServer((req, res) => {
  req.resume().on('end', () => {
    const whole = () => res.writeHead(200, unaryHead).end(answer);
    if (!req.url.includes(':stream')) return delayMs === '0' ? whole() : setTimeout(whole, Number(delayMs));
    res.writeHead(200, streamHead);
    let sent = 0;
    const timer = setInterval(send, Number(everyMs));
    res.on('close', () => clearInterval(timer));
    function send() {
      res.write(events[sent++]);
      if (sent < events.length) return;
      clearInterval(timer);
      res.end();
    }
    return send();
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send({ url: `http://127.0.0.1:${server.address().port}` }));
