// What the snippets of docs/ stand on: a fake Gemini, an app, and a visitor who asks.
import assert from 'node:assert/strict';
import express from 'express';
import { fakeGemini } from 'gemini-guard/testing';

export const TEXT = 'Rayleigh scattering.';
const headers = { 'content-type': 'application/json' };
const body = JSON.stringify({ question: 'Why is the sky blue?' });

/** One for each snippet, so that none sees what another left. */
export async function openStage() {
  const upstream = await fakeGemini({ text: TEXT });
  Object.assign(process.env, upstream.env());
  const app = express().set('env', 'test').use(express.json());
  let server;
  async function listening() {
    if (server) return `http://127.0.0.1:${server.address().port}`;
    server = app.listen(0);
    await new Promise((resolve) => server.once('listening', resolve));
    return listening();
  }
  /** A visitor's POST, answered with JSON. */
  async function ask(path = '/ask', more = {}) {
    const response = await fetch((await listening()) + path, { method: 'POST', headers, body, ...more });
    return { status: response.status, headers: response.headers, body: await response.json() };
  }
  async function answered(path) {
    const { status, body } = await ask(path);
    assert.deepEqual([status, body], [200, { text: TEXT }]);
  }
  async function close() {
    server?.close();
    server?.closeAllConnections();
    await upstream.close();
  }
  return { app, upstream, ask, answered, listening, close, headers, body };
}
