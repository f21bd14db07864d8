// Run with `--import gemini-guard/register`: an SDK that knows of no guard is guarded.
import assert from 'node:assert/strict';
import { GoogleGenAI } from '@google/genai';
import { fakeGemini, fault } from 'gemini-guard/testing';

async function main() {
  const gemini = await fakeGemini({ text: 'Hi!' });
  gemini.script(fault.overloaded());
  Object.assign(process.env, gemini.env());
  const ai = new GoogleGenAI({ apiKey: process.env.GEMINI_API_KEY });
  const answer = await ai.models.generateContent({ model: 'gemini-3.8-flash', contents: 'Hello?' });
  assert.equal(answer.text, 'Hi!');
  assert.equal(gemini.calls.length, 2);
  await gemini.close();
  console.log('checked');
}

main();
