// A Gemini that streams as many chunks as the model's name says, each in a packet of its own.
import { createServer } from 'node:http';

const chunk = (text, finishReason) => {
  const candidate = { content: { parts: [{ text }], role: 'model' }, index: 0, ...(finishReason ? { finishReason } : {}) };
  const usageMetadata = { promptTokenCount: 7, candidatesTokenCount: 11, totalTokenCount: 18 };
  return `data: ${JSON.stringify({ candidates: [candidate], usageMetadata, modelVersion: 'm', responseId: 'r' })}\r\n\r\n`;
};
const MIDDLE = chunk('The sky is blue because of what the air does to its light. ');
const LAST = chunk('That is all.', 'STOP');

const server = createServer((req, res) => {
  let left = Number(/chunks-(\d+)/.exec(req.url)[1]);
  req.resume();
  res.writeHead(200, { 'content-type': 'text/event-stream' });
  const next = () => {
    if (--left <= 0) return res.end(LAST);
    res.write(MIDDLE);
    setImmediate(next);
  };
  next();
});
server.listen(0, '127.0.0.1', () => process.send(server.address().port));
