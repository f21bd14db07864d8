// The fake Gemini of scripts/chaos-crashes.mjs, to be killed: each call is on the disk before it is answered, with its question.
import { appendFileSync } from 'node:fs';
import { answer, fakeGemini } from '../../dist/esm/testing/index.js';
import { scaledClock } from './parts.mjs';

const { PORT, LOG, EPOCH, SPEED } = process.env;
const { date } = scaledClock(Number(EPOCH), Number(SPEED));
const gemini = await fakeGemini({ port: Number(PORT), latencyMs: 40 });
gemini.always((call) => {
  const question = call.body.contents[0].parts[0].text;
  appendFileSync(LOG, `${JSON.stringify({ question, model: call.model, at: date() })}\n`);
  return answer(`the answer to ${question}`);
});
process.send('ready');
process.on('disconnect', () => process.exit());
