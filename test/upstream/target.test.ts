import { isGeminiError } from '../../src/index.ts';
import { targetOf } from '../../src/upstream/target.ts';
import { CANARY_KEY } from '../canaries.ts';

const host = 'https://generativelanguage.googleapis.com';

test.each([
  ['POST', '/v1beta/models/gemini-3.8-flash:generateContent', 'generateContent', 'gemini-3.8-flash', true],
  [
    'POST',
    '/v1/models/gemini-3.8-flash:streamGenerateContent?alt=sse',
    'streamGenerateContent',
    'gemini-3.8-flash',
    true,
  ],
  ['POST', '/prefix/v1beta/models/m:countTokens', 'countTokens', 'm', true],
  ['POST', '/v1beta/tunedModels/mine-1:generateContent', 'generateContent', 'mine-1', true],
  ['POST', '/v1beta1/projects/p/locations/l/publishers/google/models/m@001:predict', 'predict', 'm@001', true],
  ['POST', '/v1beta/models/m:predictLongRunning', 'predictLongRunning', 'm', false],
  ['POST', '/v1beta/models/m:batchGenerateContent', 'batchGenerateContent', 'm', false],
  ['GET', '/v1beta/models/m', 'models.get', 'm', true],
  ['GET', '/v1beta/models?pageSize=5', 'models.list', '', true],
  ['PATCH', '/v1beta/tunedModels/mine', 'tunedModels.update', 'mine', false],
  ['GET', '/v1beta/tunedModels/mine/operations/1', 'tunedModels.get', '', true],
  ['POST', '/upload/v1beta/files?upload_id=1', 'files.create', '', false],
  ['GET', '/v1beta/files/abc', 'files.get', '', true],
  ['DELETE', '/v1beta/files/abc', 'files.delete', '', false],
  ['POST', '/v1beta/cachedContents', 'cachedContents.create', '', false],
  ['POST', '/v1beta/batches/b1:cancel', 'batches.cancel', '', false],
  ['POST', '/v1beta/interactions', 'interactions.create', '', false],
  ['GET', '/v1beta/interactions/i1', 'interactions.get', '', true],
  ['POST', '/v1beta/openai/chat/completions', 'chat.completions', '', true],
  ['OPTIONS', '/v1beta/models/m', 'models.options', 'm', false],
])('%s %s is %s of %j', (verb, path, method, model, repeatable) => {
  expect(targetOf(host + path, verb)).toMatchObject({
    method,
    model,
    repeatable,
    host: 'generativelanguage.googleapis.com',
  });
});

test('a Vertex path names its project and region', () => {
  const url =
    'https://us-central1-aiplatform.googleapis.com/v1beta1/projects/p-1/locations/us-central1/publishers/google/models/m:generateContent';
  expect(targetOf(url, 'POST')).toMatchObject({
    project: 'p-1',
    region: 'us-central1',
    host: 'us-central1-aiplatform.googleapis.com',
  });
});

test.each([
  '/v1beta/models/__proto__:generateContent',
  '/v1beta/models/../x:generateContent',
  '/v1beta/models/..:generateContent',
  '/v1beta/models/a/b:generateContent',
  '/v1beta/models/a%2Fb:generateContent',
  '/v1beta/models/a%2e%2e:generateContent',
  '/v1beta/models/a\\b:generateContent',
  '/v1beta/models/a b:generateContent',
  '/v1beta/models/gemini:countTokens#:generateContent',
  '/v1beta/models/a?key=:generateContent',
  '/v1beta/models/:generateContent',
  '/v1beta/models/gemini:countTokens:generateContent',
  '/v1beta/models/http://evil.test/x:generateContent',
  '/v1beta/models//evil.test:generateContent',
  `/v1beta/models/${CANARY_KEY}:generateContent`,
  `/v1beta/models/${'m'.repeat(10_000)}:generateContent`,
])('%.60s is refused before it goes anywhere', (path) => {
  const refuse = () => targetOf(host + path, 'POST');
  expect(refuse).toThrow(expect.objectContaining({ kind: 'invalid_request', source: 'guard', status: 400 }));
});

test('what is no URL is refused', () => {
  try {
    targetOf('not a url', 'GET');
  } catch (error) {
    expect(isGeminiError(error)).toBe(true);
  }
  expect.assertions(1);
});
