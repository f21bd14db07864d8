// An app as anybody has it; app.test.cjs tests it. It is CommonJS, as Jest wants it without flags.

const express = require('express');
const { geminiGuard, sendStream } = require('gemini-guard');

exports.makeApp = () => {
  const app = express();
  const guard = geminiGuard({ log: false });
  app.use(guard, express.json());

  app.post('/ask', async (req, res) => {
    const answer = await req.gemini.models.generateContent({ model: 'gemini-3.8-flash', contents: req.body.question });
    res.json({ text: answer.text });
  });

  app.post('/stream', async (req, res) => {
    const ask = { model: 'gemini-3.8-flash', contents: req.body.question };
    await sendStream(res, req.gemini.models.generateContentStream(ask));
  });

  return { app, close: () => guard.close() };
};
