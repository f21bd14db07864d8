import { ApiKey } from '../../src/api-key.ts';
import { vertexHost } from '../../src/call.ts';
import { readdressed } from '../../src/upstream/readdress.ts';
import type { UpstreamRequest } from '../../src/upstream/request.ts';
import { targetOf } from '../../src/upstream/target.ts';
import { aCall } from '../a-call.ts';

const GEMINI = 'https://generativelanguage.googleapis.com/v1beta';

function sent(url: string, wanted: { model?: string; region?: string; apiKey?: ApiKey }): UpstreamRequest {
  const { model, region } = targetOf(url, 'POST');
  const asked = aCall({ model, ...(region ? { region } : {}) }).call;
  const request = {
    url,
    headers: new Headers({ 'x-goog-api-key': 'old' }),
    secret: 'old',
    secrets: ['old'],
  } as unknown as UpstreamRequest;
  return readdressed(request, asked, { ...asked, ...wanted });
}

const vertex = (host: string, region: string, model = 'a'): string =>
  `https://${host}/v1beta1/projects/p/locations/${region}/publishers/google/models/${model}:generateContent`;

test.each([
  ['a model', `${GEMINI}/models/a:generateContent`, `${GEMINI}/models/b:generateContent`],
  ['a stream', `${GEMINI}/models/a:streamGenerateContent?alt=sse`, `${GEMINI}/models/b:streamGenerateContent?alt=sse`],
  ['a tuned model', `${GEMINI}/tunedModels/a:generateContent`, `${GEMINI}/models/b:generateContent`],
  ['Vertex', vertex('x', 'eu'), vertex('x', 'eu', 'b')],
  [
    'an endpoint of Vertex',
    'https://x/v1/projects/p/locations/eu/endpoints/1234:generateContent',
    'https://x/v1/projects/p/locations/eu/publishers/google/models/b:generateContent',
  ],
  [
    'a prefix of the same name',
    'https://x/a:b/v1beta/models/a:generateContent',
    'https://x/a:b/v1beta/models/b:generateContent',
  ],
])('another model in the place of %s', (_what, url, expected) => {
  expect(sent(url, { model: 'b' }).url).toBe(expected);
});

test.each([
  ['us-central1', 'europe-west4', 'europe-west4-aiplatform.googleapis.com'],
  ['global', 'us-central1', 'us-central1-aiplatform.googleapis.com'],
  ['us-central1', 'global', 'aiplatform.googleapis.com'],
  ['us-central1', 'eu', 'aiplatform.eu.rep.googleapis.com'],
  ['us', 'us-east1', 'us-east1-aiplatform.googleapis.com'],
])('from %s to %s', (from, to, host) => {
  expect(sent(vertex(vertexHost(from), from), { region: to }).url).toBe(vertex(host, to));
});

test('behind a proxy the region changes in the path alone', () => {
  expect(sent(vertex('proxy.test', 'eu'), { region: 'us' }).url).toBe(vertex('proxy.test', 'us'));
});

test('another key goes into the header, and is the secret to be removed from echoes', () => {
  const request = sent(`${GEMINI}/models/a:generateContent`, { apiKey: new ApiKey('new', 'k2', 'p2') });
  expect([request.headers.get('x-goog-api-key'), request.secret]).toEqual(['new', 'new']);
  expect(request.secrets).toEqual(['old', 'new']);
});

test('where nothing else is wanted the request is the same one', () => {
  const asked = aCall().call;
  const request = { url: `${GEMINI}/models/a:generateContent` } as UpstreamRequest;
  expect(readdressed(request, asked, { ...asked, attempt: 2 })).toBe(request);
});
