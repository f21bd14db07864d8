import assert from 'node:assert/strict';
import { toProblem } from 'gemini-guard/frontend';
import { fakeGemini, fault } from 'gemini-guard/testing';

/** One good call with a retry, and one refused key, through a server that `serve` starts. */
export async function check(serve) {
  const gemini = await fakeGemini({ text: 'Hi!' });
  Object.assign(process.env, gemini.env());
  const { url, close } = await serve();

  gemini.script(fault.overloaded());
  const good = await fetch(url);
  assert.deepEqual([good.status, await good.json()], [200, { text: 'Hi!' }]);
  assert.equal(gemini.calls.length, 2);

  gemini.script(fault.suspended());
  const refused = await fetch(url);
  assert.equal(refused.headers.get('content-type'), 'application/problem+json');
  const text = await refused.text();
  assert.ok(!text.includes(process.env.GEMINI_API_KEY));
  const { status, code, retryable } = toProblem(JSON.parse(text));
  assert.deepEqual({ status, code, retryable }, { status: 503, code: 'unavailable', retryable: false });
  assert.deepEqual(await gemini.politeness(), []);

  await close();
  await gemini.close();
  console.log('checked');
}

/** A listening server as what `check` wants; the process has to end by itself after `close`. */
export async function listening(server, guard) {
  await new Promise((resolve) => server.once('listening', resolve));
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await guard.close();
  };
  return { url: `http://127.0.0.1:${server.address().port}/ask`, close };
}
