import express from 'express';
import { geminiGuard } from 'gemini-guard';
import { fakeGemini, fault } from 'gemini-guard/testing';
import request from 'supertest';
import { expect, test } from 'vitest';

test('a guarded route, in Vitest', async () => {
  const gemini = await fakeGemini({ text: 'Hi!' });
  Object.assign(process.env, gemini.env());
  const guard = geminiGuard({ log: false });
  const app = express();
  app.use(guard);
  app.get('/ask', async (req, res) => {
    const answer = await req.gemini.models.generateContent({ model: 'gemini-3.8-flash', contents: 'Hello?' });
    res.json({ text: answer.text });
  });
  gemini.script([fault.overloaded()]);
  expect((await request(app).get('/ask').expect(200)).body).toEqual({ text: 'Hi!' });
  gemini.script(fault.suspended());
  expect((await request(app).get('/ask').expect(503)).body).toMatchObject({ code: 'unavailable', retryable: false });
  expect(await gemini.politeness()).toEqual([]);
  await guard.close();
  await gemini.close();
});
