import { answer, fault } from '../../src/testing/index.ts';
import { ask, closeAll, get, json, MODEL, PROMPT, start } from './helpers.ts';

afterEach(closeAll);

describe('routes', () => {
  test.each(['v1', 'v1beta', 'v1alpha', 'v1beta1'])('%s is a version', async (apiVersion) => {
    const gemini = await start();
    expect((await ask(gemini, { path: `/${apiVersion}/models/${MODEL}:generateContent` })).status).toBe(200);
    expect(gemini.calls[0]).toMatchObject({ apiVersion, method: 'generateContent', model: MODEL });
  });

  test('a base URL may have a path of its own, and a model a tuned name', async () => {
    const gemini = await start();
    expect((await ask(gemini, { path: '/proxy/gemini/v1beta/tunedModels/mine:generateContent' })).status).toBe(200);
    expect(gemini.calls[0]).toMatchObject({ model: 'mine', apiVersion: 'v1beta' });
  });

  test.each([
    '/v1beta1/projects/acme/locations/global/publishers/google/models/m:generateContent',
    '/v1/publishers/google/models/m:generateContent',
  ])('Vertex: %s', async (path) => {
    const gemini = await start();
    expect((await ask(gemini, { path, key: null, headers: { authorization: 'Bearer t' } })).status).toBe(200);
    expect(gemini.calls[0]).toMatchObject({ model: 'm', headers: { authorization: '(key-1)' } });
    expect(gemini.calls[0]?.project).toBe(path.includes('acme') ? 'acme' : 'project-1');
  });

  test('countTokens: a token per four characters of text, at least 1', async () => {
    const gemini = await start();
    expect(await json(ask(gemini, { op: 'countTokens' }))).toMatchObject({ totalTokens: 7 });
    expect(await json(ask(gemini, { op: 'countTokens', body: {} }))).toMatchObject({ totalTokens: 1 });
  });

  test('embeddings: the same text has the same vector, of the length asked for', async () => {
    const gemini = await start();
    const one = { content: { parts: [{ text: 'a' }] } };
    const two = { content: { parts: [{ text: 'b' }] }, outputDimensionality: 3 };
    const { embedding } = await json(ask(gemini, { op: 'embedContent', body: one }));
    expect(embedding.values).toHaveLength(8);
    const { embeddings } = await json(ask(gemini, { op: 'batchEmbedContents', body: { requests: [one, two] } }));
    expect(embeddings[0]).toEqual(embedding);
    expect(embeddings[1].values).toHaveLength(3);
    const body = { instances: [{ content: 'a text' }], parameters: { outputDimensionality: 4 } };
    const path = '/v1/projects/p/locations/l/publishers/google/models/e:predict';
    const { predictions } = await json(ask(gemini, { path, body }));
    expect(predictions[0].embeddings).toMatchObject({ statistics: { token_count: 2, truncated: false } });
    expect(predictions[0].embeddings.values).toHaveLength(4);
    const config = { content: 'x', embedContentConfig: { outputDimensionality: 2 } };
    expect((await json(ask(gemini, { op: 'embedContent', body: config }))).embedding.values).toHaveLength(2);
    for (const op of ['embedContent', 'batchEmbedContents', 'predict']) {
      expect((await ask(gemini, { op, body: null })).status).toBe(200);
    }
  });

  test('models.list and models.get', async () => {
    const gemini = await start({ models: ['models/gemini-3.8-flash', 'gemini-embedding-001'] });
    const { models } = await json(get(gemini, '/v1beta/models'));
    expect(models.map((m: { name: string }) => m.name)).toEqual([
      'models/gemini-3.8-flash',
      'models/gemini-embedding-001',
    ]);
    expect(await json(get(gemini, `/v1beta/models/${MODEL}`))).toMatchObject({ inputTokenLimit: 1_048_576 });
    expect(await json(get(gemini, `/v1beta1/publishers/google/models/${MODEL}`))).toMatchObject({ launchStage: 'GA' });
    expect((await json(get(gemini, '/v1beta1/publishers/google/models'))).publisherModels).toHaveLength(2);
    expect(await json(get(gemini, '/v1beta/tunedModels'))).toEqual({});
    expect((await json(get(await start(), '/v1beta/models'))).models).toHaveLength(3);
  });

  test('a file: two steps up, then get, list, delete', async () => {
    const gemini = await start();
    const begin = await ask(gemini, {
      path: '/upload/v1beta/files',
      body: { file: { displayName: 'notes' } },
      headers: { 'x-goog-upload-command': 'start', 'x-goog-upload-header-content-type': 'text/plain' },
    });
    const url = begin.headers.get('x-goog-upload-url') ?? '';
    expect(await begin.text()).toBe('');
    const part = await fetch(url, { method: 'POST', body: 'hel', headers: { 'x-goog-upload-command': 'upload' } });
    expect(part.headers.get('x-goog-upload-status')).toBe('active');
    const end = await fetch(url, {
      method: 'POST',
      body: 'hello',
      headers: { 'x-goog-upload-command': 'upload, finalize' },
    });
    expect(end.headers.get('x-goog-upload-status')).toBe('final');
    const { file } = await json(end);
    expect(file).toMatchObject({ displayName: 'notes', mimeType: 'text/plain', sizeBytes: '5', state: 'ACTIVE' });
    expect(gemini.calls.map((call) => call.method)).toEqual([
      'files.upload.start',
      'files.upload.finish',
      'files.upload.finish',
    ]);
    expect(gemini.calls[2]?.body).toBe('hello');
    expect(await json(get(gemini, `/v1beta/${file.name}`))).toEqual(file);
    expect((await json(get(gemini, '/v1beta/files'))).files).toEqual([file]);
    expect((await get(gemini, `/v1beta/${file.name}`, 'DELETE')).status).toBe(200);
    const gone = await get(gemini, `/v1beta/${file.name}`);
    expect(gone.status).toBe(403);
    expect((await json(gone)).error.message).toMatch(
      /You do not have permission to access the File \w+ or it may not exist/,
    );
  });

  test('an upload address that nobody was given, and one without headers', async () => {
    const gemini = await start();
    const start1 = await ask(gemini, { path: '/upload/v1beta/files', body: '' });
    expect(start1.headers.get('x-goog-upload-url')).toContain('upload_id=');
    const wild = await fetch(`${gemini.url}/upload/v1beta/files?upload_id=zzz`, { method: 'POST' });
    expect(wild.status).toBe(200);
    const path = '/upload/v1beta/files?upload_id=zzz';
    const final = await ask(gemini, { path, headers: { 'x-goog-upload-command': 'finalize' }, key: null });
    expect((await json(final)).file.state).toBe('ACTIVE');
    expect((await get(gemini, '/upload/v1beta/files')).status).toBe(404);
  });

  test('caches and interactions are created, got and missed', async () => {
    const gemini = await start();
    const cache = await json(ask(gemini, { path: '/v1beta/cachedContents', body: { model: `models/${MODEL}` } }));
    expect(cache).toMatchObject({ name: expect.stringMatching(/^cachedContents\/\w+$/), model: `models/${MODEL}` });
    expect(gemini.calls[0]).toMatchObject({ method: 'cachedContents.create', model: MODEL });
    expect(await json(get(gemini, `/v1beta/${cache.name}`))).toEqual(cache);
    expect((await json(get(gemini, '/v1beta/cachedContents'))).cachedContents).toHaveLength(1);
    expect((await json(get(gemini, '/v1beta/cachedContents/nope'))).error.code).toBe(403);
    expect(await json(get(gemini, '/v1beta/files'))).toEqual({});

    const body = { model: MODEL, input: 'hello there' };
    const interaction = await json(ask(gemini, { path: '/v1beta/interactions', body }));
    expect(interaction).toMatchObject({ status: 'completed', usage: { total_input_tokens: 3 } });
    expect(await json(get(gemini, `/v1beta/interactions/${interaction.id}`))).toEqual(interaction);
    const missing = await json(get(gemini, '/v1beta/interactions/nope'));
    expect(missing.error.code).toBe('not_found');
    expect((await ask(gemini, { path: '/v1beta/interactions', body: null })).status).toBe(200);
    expect((await ask(gemini, { path: '/v1beta/cachedContents', body: null })).status).toBe(200);
  });

  test('an interaction streams events and ends with [DONE]', async () => {
    const gemini = await start();
    gemini.script(answer.stream(['a', 'b'], { functionCall: { name: 'f', args: {} } }));
    const body = { agent: 'deep-research', input: [{ type: 'text', text: 'hi' }], stream: true };
    const text = await (await ask(gemini, { path: '/v1beta/interactions', body })).text();
    expect(text.match(/event: [\w.]+/g)?.map((line) => line.slice(7))).toEqual([
      'interaction.created',
      'step.start',
      'step.delta',
      'step.delta',
      'step.stop',
      'interaction.completed',
      'done',
    ]);
    expect(text).toContain('"agent": "deep-research"');
  });

  test('faults speak the language of the Interactions API there', async () => {
    const gemini = await start();
    const create = { path: '/v1beta/interactions', body: { model: MODEL, input: 'hi' } };
    gemini.script([
      fault.quotaPerMinute(),
      fault.quotaPerDay(),
      fault.modelNotFound(),
      fault.internal(),
      fault.blockedPrompt(),
      fault.streamCutAfter(1),
    ]);
    const codes: unknown[] = [];
    for (let i = 0; i < 4; i++) codes.push((await json(ask(gemini, create))).error.code);
    expect(codes).toEqual(['rate_limit_exceeded', 'quota_exceeded', 'model_not_found', 'api_error']);
    expect((await json(ask(gemini, create))).status).toBe('completed');
    await expect(ask(gemini, create).then((r) => r.text())).rejects.toThrow('terminated');
  });

  test.each([
    ['POST', '/'],
    ['POST', '//'],
    ['GET', '/v1beta/nothing'],
    ['POST', '/v1beta/models/m:frobnicate'],
    ['GET', '/v1beta/models/m:generateContent'],
    ['DELETE', '/v1beta/models/m'],
    ['PATCH', '/v1beta/files/x'],
    ['DELETE', '/v1beta/files'],
    ['GET', '/v1beta/files/x/y'],
    ['POST', '/v1beta/%E0%A4%A'],
    ['POST', '/v1beta/'],
  ])('%s %s: the page for a URL Gemini does not have', async (method, path) => {
    const gemini = await start();
    const response = await get(gemini, path, method);
    expect(response.status).toBe(404);
    expect(await response.text()).toContain('<title>Error 404 (Not Found)!!1</title>');
    expect(gemini.calls[0]?.method).toBe('unknown');
  });
});

describe('keys and models', () => {
  test('a wrong key is 400 API_KEY_INVALID, none is 403, as at Google', async () => {
    const gemini = await start({ keys: ['good'] });
    expect((await ask(gemini, { key: 'good' })).status).toBe(200);
    const wrong = await json(ask(gemini, { key: 'bad' }));
    expect(wrong.error).toMatchObject({ code: 400, status: 'INVALID_ARGUMENT' });
    expect(wrong.error.details[0].reason).toBe('API_KEY_INVALID');
    const none = await json(ask(gemini, { key: null }));
    expect(none.error).toMatchObject({ code: 403, message: expect.stringContaining('unregistered callers') });
    expect(gemini.calls.map((call) => [call.keyLabel, call.played])).toEqual([
      ['key-1', 'answer'],
      ['unknown key', 'apiKeyInvalid'],
      ['none', 'keyMissing'],
    ]);
  });

  test('Vertex says 401 for both', async () => {
    const gemini = await start({ keys: ['good'] });
    const path = '/v1/publishers/google/models/m:generateContent';
    expect((await json(ask(gemini, { path, key: null }))).error.details[0].reason).toBe('CREDENTIALS_MISSING');
    const bad = await ask(gemini, { path, key: null, headers: { authorization: 'Bearer bad' } });
    expect(bad.status).toBe(401);
  });

  test('the key may be in the query, and is hidden in the record', async () => {
    const gemini = await start({ keys: [{ key: 'good', project: 'acme' }] });
    const path = `/v1beta/models/${MODEL}:generateContent?key=good`;
    expect((await ask(gemini, { path, key: null })).status).toBe(200);
    expect(gemini.calls[0]).toMatchObject({ keyLabel: 'key-1', project: 'acme', key: 'good' });
    expect(JSON.stringify(gemini.calls)).not.toContain('good');
  });

  test('an unknown model is a 404 in the words of the route', async () => {
    const gemini = await start({ models: [MODEL] });
    const message = async (response: Promise<Response>): Promise<string> => (await json(response)).error.message;
    expect(await message(ask(gemini, { model: 'nope', op: 'streamGenerateContent?alt=sse' }))).toBe(
      'models/nope is not found for API version v1beta, or is not supported for generateContent. Call ListModels to see the list of available models and their supported methods.',
    );
    expect(await message(ask(gemini, { model: 'nope', op: 'countTokens' }))).toContain('supported for countTokens');
    expect(await message(get(gemini, '/v1/models/nope'))).toBe('Model is not found: models/nope for api version v1');
    const path = '/v1/publishers/google/models/nope:generateContent';
    expect(await message(ask(gemini, { path, body: PROMPT }))).toContain('Publisher Model `projects/fake-project/');
    expect(await message(ask(gemini, { path: '/v1beta/interactions', body: { model: 'nope' } }))).toContain(
      'models/nope',
    );
  });
});
