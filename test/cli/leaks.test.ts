import { leaksIn } from '../../src/cli/leaks.ts';
import { KEY } from '../../src/cli/servers.ts';

test.each([
  ['stack', 'Error: x<br> &nbsp; &nbsp;at throwErrorIfNotOK (file:///app/node_modules/x/index.mjs:11:22)'],
  ['stack', 'Error: x\n    at /app/server.js:3:14'],
  ['key', `Consumer 'api_key:${KEY}' has been suspended.`],
  ['project', 'has not been used in project 123456789012 before'],
  ['Google text', '{"error":{"code":429,"status":"RESOURCE_EXHAUSTED"}}'],
  ['Google text', 'see https://ai.google.dev/gemini-api/docs/rate-limits'],
])('%s', (leak, answer) => {
  expect(leaksIn(answer)).toEqual([leak]);
});

test("the guard's own words are no leak", () => {
  const detail = 'The AI service is temporarily unavailable. Please try again shortly.';
  expect(leaksIn(JSON.stringify({ type: 'urn:gemini-guard:unavailable', detail, title: 'Internal error' }))).toEqual(
    [],
  );
});
