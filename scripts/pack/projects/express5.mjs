import express from 'express';
import { geminiGuard } from 'gemini-guard';
import { check, listening } from './check.mjs';

check(() => {
  const app = express();
  const guard = geminiGuard({ log: false });
  app.use(guard);
  app.get('/ask', async (req, res) => {
    const answer = await req.gemini.models.generateContent({ model: 'gemini-3.8-flash', contents: 'Hello?' });
    res.json({ text: answer.text });
  });
  return listening(app.listen(0), guard);
});
