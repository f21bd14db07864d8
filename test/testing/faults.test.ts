import { answer, fault, type Reply } from '../../src/testing/index.ts';
import { ask, closeAll, events, failure, json, MODEL, SSE, start } from './helpers.ts';

afterEach(closeAll);

async function play(reply: Reply, op?: string): Promise<Response> {
  const gemini = await start();
  gemini.script(reply);
  return ask(gemini, op === undefined ? {} : { op });
}

describe('error bodies', () => {
  test('a day quota is, byte for byte, what Google sent in 2026', async () => {
    const reply = fault.quotaPerDay({ retryDelay: '41.065029449s', limit: 20, model: 'gemini-2.5-flash-lite' });
    const response = await play(reply);
    expect(response.status).toBe(429);
    expect(await response.text()).toBe(`{
  "error": {
    "code": 429,
    "message": "You exceeded your current quota, please check your plan and billing details. For more information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits. To monitor your current usage, head to: https://ai.dev/rate-limit. \\n* Quota exceeded for metric: generativelanguage.googleapis.com/generate_content_free_tier_requests, limit: 20, model: gemini-2.5-flash-lite\\nPlease retry in 41.065029449s.",
    "status": "RESOURCE_EXHAUSTED",
    "details": [
      {
        "@type": "type.googleapis.com/google.rpc.Help",
        "links": [
          {
            "description": "Learn more about Gemini API quotas",
            "url": "https://ai.google.dev/gemini-api/docs/rate-limits"
          }
        ]
      },
      {
        "@type": "type.googleapis.com/google.rpc.QuotaFailure",
        "violations": [
          {
            "quotaMetric": "generativelanguage.googleapis.com/generate_content_free_tier_requests",
            "quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier",
            "quotaDimensions": {
              "location": "global",
              "model": "gemini-2.5-flash-lite"
            },
            "quotaValue": "20"
          }
        ]
      },
      {
        "@type": "type.googleapis.com/google.rpc.RetryInfo",
        "retryDelay": "41s"
      }
    ]
  }
}
`);
    expect(response.headers.get('retry-after')).toBeNull();
  });

  test('the quota faults have defaults, and can do without a delay', async () => {
    const minute = (await json(play(fault.quotaPerMinute()))).error;
    expect(minute.message).toContain(`limit: 10, model: ${MODEL}\nPlease retry in 17s.`);
    const bare = (await json(play(fault.quotaTokens({ retryDelay: null, tier: 'paid' })))).error;
    expect(bare.message).toMatch(/limit: 250000, model: [\w.-]+$/);
    expect(bare.details).toHaveLength(2);
    const day = (await json(play(fault.quotaPerDay()))).error;
    expect(day.details[2].retryDelay).toBe('41s');
    const zero = (await json(play(fault.quotaZero()))).error;
    expect(zero.message.match(/limit: 0/g)).toHaveLength(4);
    expect(JSON.stringify(zero)).not.toContain('quotaValue');
    const gemini = await start();
    gemini.script(fault.quotaPerMinute());
    const list = await fetch(`${gemini.url}/v1beta/models`);
    expect((await json(list)).error.message).toContain('model: gemini-3.8-flash');
  });

  test.each<[string, Reply, number, string, RegExp]>([
    ['capacity', fault.capacity(), 429, 'RESOURCE_EXHAUSTED', /^Resource exhausted\. Please try again later/],
    ['capacity of the server', fault.capacity('server'), 503, 'UNAVAILABLE', /No capacity/],
    ['overloaded', fault.overloaded(), 503, 'UNAVAILABLE', /overloaded/],
    ['unavailable', fault.unavailable(), 503, 'UNAVAILABLE', /unavailable/],
    ['internal', fault.internal(), 500, 'INTERNAL', /internal error/],
    ['deadline', fault.deadline(), 504, 'DEADLINE_EXCEEDED', /Deadline expired/],
    ['cancelled', fault.cancelled(), 499, 'CANCELLED', /cancelled/],
    ['notImplemented', fault.notImplemented(), 501, 'UNIMPLEMENTED', /not implemented/],
    ['invalidArgument', fault.invalidArgument(), 400, 'INVALID_ARGUMENT', /invalid argument/],
    ['failedPrecondition', fault.failedPrecondition(), 400, 'FAILED_PRECONDITION', /User location/],
    ['billing', fault.billing(), 402, 'RESOURCE_EXHAUSTED', /prepayment credits/],
    ['billing freeTier', fault.billing('freeTier'), 400, 'FAILED_PRECONDITION', /enable billing/],
    ['billing disabled', fault.billing('disabled'), 403, 'PERMISSION_DENIED', /billing to be enabled/],
    ['apiKeyInvalid', fault.apiKeyInvalid(), 400, 'INVALID_ARGUMENT', /API key not valid/],
    ['apiKeyLeaked', fault.apiKeyLeaked(), 403, 'PERMISSION_DENIED', /leaked/],
    ['permissionDenied', fault.permissionDenied(), 403, 'PERMISSION_DENIED', /does not have permission/],
    ['unauthenticated', fault.unauthenticated(), 401, 'UNAUTHENTICATED', /invalid authentication/],
    ['suspended', fault.suspended(), 403, 'PERMISSION_DENIED', /Consumer 'api_key:key-a' has been suspended/],
    ['serviceDisabled', fault.serviceDisabled(), 403, 'PERMISSION_DENIED', /has not been used in project/],
    ['modelNotFound', fault.modelNotFound(), 404, 'NOT_FOUND', /models\/gemini-3\.8-flash is not found/],
    ['resourceNotFound', fault.resourceNotFound(), 403, 'PERMISSION_DENIED', /access the File/],
    ['resourceNotFound cache', fault.resourceNotFound('cache'), 403, 'PERMISSION_DENIED', /CachedContent not found/],
    ['contextTooLong', fault.contextTooLong(), 400, 'INVALID_ARGUMENT', /\(1250060\) exceeds .* \(1048576\)/],
    ['errorBody', fault.errorBody(409, 'ABORTED', 'Aborted.'), 409, 'ABORTED', /Aborted/],
  ])('%s', async (_name, reply, code, status, message) => {
    const response = await play(reply);
    expect(response.status).toBe(code);
    expect((await json(response)).error).toMatchObject({ code, status, message: expect.stringMatching(message) });
    // Without alt=sse a stream's error is an array.
    expect(await json(play(reply, 'streamGenerateContent'))).toEqual([{ error: expect.objectContaining({ code }) }]);
  });

  test('details on request', async () => {
    const { error } = await json(play(fault.invalidArgument('Bad schema.', 'tools[0]')));
    expect(error.details[0].fieldViolations).toEqual([{ field: 'tools[0]', description: 'Bad schema.' }]);
    const denied = (await json(play(fault.permissionDenied('Blocked.', 'API_KEY_SERVICE_BLOCKED')))).error;
    expect(denied.details[0].reason).toBe('API_KEY_SERVICE_BLOCKED');
    const expired = (await json(play(fault.apiKeyInvalid('API key expired. Please renew the API key.')))).error;
    expect(expired.details[1].message).toBe('API key expired. Please renew the API key.');
  });

  test('a suspended consumer sees its key three times, as Google does it', async () => {
    const text = await (await play(fault.suspended())).text();
    expect(text.match(/api_key:key-a/g)).toHaveLength(3);
    const gemini = await start();
    gemini.script([fault.suspended(), fault.modelNotFound()]);
    expect((await json(ask(gemini, { key: null }))).error.message).toContain('api_key:unknown');
    expect((await json(ask(gemini, { path: '/v1beta/interactions' }))).error.message).toContain('models/unknown');
  });
});

describe('bodies that are no Google JSON', () => {
  test.each([
    [fault.htmlPage(), 502, 'Error 502 (Server Error)!!1'],
    [fault.htmlPage(403), 403, 'Error 403 (Forbidden)!!1'],
    [fault.htmlPage(429), 429, 'automated queries'],
    [fault.sorry(), 403, 'automated queries'],
    [fault.payloadTooLarge(), 413, 'Error 413 (Request Entity Too Large)!!1'],
    [fault.html200(), 200, '<!DOCTYPE html>'],
  ])('%#: a page', async (reply, status, text) => {
    const response = await play(reply);
    expect([response.status, response.headers.get('content-type')]).toEqual([status, 'text/html; charset=UTF-8']);
    expect(await response.text()).toContain(text);
  });

  test('empty, broken, array, error in a 200', async () => {
    const empty = await play(fault.emptyBody());
    expect([empty.status, await empty.text()]).toEqual([500, '']);
    await expect(json(play(fault.brokenJson()))).rejects.toThrow(/JSON/);
    await expect(json(play(fault.brokenJson(200)))).rejects.toThrow(/JSON/);
    expect(await json(play(fault.arrayBody()))).toEqual([
      { error: expect.objectContaining({ status: 'UNAVAILABLE' }) },
    ]);
    expect((await json(play(fault.arrayBody(400))))[0].error.status).toBe('INVALID_ARGUMENT');
    const ok = await play(fault.errorIn200());
    expect([ok.status, (await json(ok)).error.code]).toEqual([200, 503]);
  });

  test('raw and redirect', async () => {
    const teapot = await play(fault.raw({ status: 418, headers: { 'x-a': 'b' }, body: Buffer.from('short') }));
    expect([teapot.status, teapot.headers.get('x-a'), await teapot.text()]).toEqual([418, 'b', 'short']);
    expect(await (await play(fault.raw({}))).text()).toBe('');
    const moved = await play(fault.redirect('http://127.0.0.1:9/'));
    expect([moved.status, moved.headers.get('location')]).toEqual([307, 'http://127.0.0.1:9/']);
  });

  test('gzip: good, broken, and a bomb that is still the good answer', async () => {
    const zipped = await play(fault.gzip());
    expect(zipped.headers.get('content-encoding')).toBe('gzip');
    expect((await json(zipped)).candidates).toHaveLength(1);
    expect(await events(play(fault.gzip(), SSE))).toHaveLength(3);
    await expect(json(play(fault.gzipBroken()))).rejects.toThrow('terminated');
    const text = await (await play(fault.gzipBomb(1_000_000))).text();
    expect(text).toHaveLength(1_000_000);
    expect(JSON.parse(text).candidates).toHaveLength(1);
  });
});

describe('the connection', () => {
  test('reset, cut, hang, hangBody', async () => {
    const gemini = await start();
    gemini.script([fault.reset(), fault.cut(), fault.cut({ afterBytes: 0 })]);
    expect((await failure(ask(gemini))).cause.code).toBe('ECONNRESET');
    const cut = await ask(gemini);
    expect(cut.status).toBe(200);
    await expect(cut.text()).rejects.toThrow('terminated');
    await expect((await ask(gemini)).text()).rejects.toThrow('terminated');

    gemini.always(fault.hang());
    const control = new AbortController();
    const hung = failure(ask(gemini, { signal: control.signal }));
    await gemini.waitForCalls(4);
    expect(gemini.calls[3]).toMatchObject({ outcome: 'hung', status: undefined, endedAt: undefined, aborted: false });
    control.abort();
    expect((await hung).name).toBe('AbortError');
    expect(await gemini.waitForAbort()).toMatchObject({ outcome: 'aborted', played: 'hang', aborted: true });

    gemini.always(fault.hangBody({ afterBytes: 5 }));
    const reader = (await ask(gemini)).body?.getReader();
    expect((await reader?.read())?.value).toHaveLength(5);
    await reader?.cancel();
    expect((await gemini.waitForAbort(2)).played).toBe('hangBody');
    expect(gemini.calls.map((call) => call.outcome)).toEqual(['reset', 'cut', 'cut', 'aborted', 'aborted']);
  });

  test('hangBody says 80 bytes by default', async () => {
    const reader = (await play(fault.hangBody())).body?.getReader();
    expect((await reader?.read())?.value).toHaveLength(80);
  });

  test('drip and slow give the good answer in the end', async () => {
    const gemini = await start({ text: 'x' });
    gemini.script([
      fault.drip({ everyMs: 0 }),
      fault.slow(5),
      fault.slow(1, answer('late')),
      fault.slow(1, fault.overloaded()),
    ]);
    expect((await json(ask(gemini))).candidates[0].content.parts[0].text).toBe('x');
    expect((await json(ask(gemini))).candidates[0].content.parts[0].text).toBe('x');
    expect((await json(ask(gemini))).candidates[0].content.parts[0].text).toBe('late');
    expect((await ask(gemini)).status).toBe(503);
  });

  test('a client that leaves a drip in the middle is seen', async () => {
    const gemini = await start();
    gemini.script(fault.drip());
    await (await ask(gemini)).body?.cancel();
    expect((await gemini.waitForAbort()).played).toBe('drip');
  });
});

describe('in-band', () => {
  test.each<[string, Reply, object]>([
    ['blockedPrompt', fault.blockedPrompt(), { promptFeedback: { blockReason: 'SAFETY' } }],
    [
      'blockedResponse',
      fault.blockedResponse('RECITATION'),
      { candidates: [{ finishReason: 'RECITATION', index: 0 }] },
    ],
    ['blockedResponse default', fault.blockedResponse(), { candidates: [{ finishReason: 'SAFETY', index: 0 }] }],
    ['empty', fault.empty(), { candidates: [{ content: { role: 'model' }, finishReason: 'STOP', index: 0 }] }],
    ['noCandidates', fault.noCandidates(), { modelVersion: MODEL }],
  ])('%s', async (_name, reply, body) => {
    expect(await json(play(reply))).toMatchObject(body);
    expect(await events(play(reply, SSE))).toEqual([expect.objectContaining(body)]);
    expect(await json(play(reply, 'streamGenerateContent'))).toHaveLength(1);
    expect(await json(play(reply, 'countTokens'))).toMatchObject({ totalTokens: 7 });
  });

  test('noCandidates has none', async () => {
    expect(await json(play(fault.noCandidates()))).not.toHaveProperty('candidates');
  });
});

describe('streams', () => {
  const text = async (reply: Reply, op = SSE): Promise<string> => (await play(reply, op)).text();

  test('an error as first event, with status 200; a unary call gets it as an error', async () => {
    const response = await play(fault.streamErrorFirst(), SSE);
    expect(response.status).toBe(200);
    expect(await events(response)).toEqual([{ error: expect.objectContaining({ code: 503 }) }]);
    expect((await play(fault.streamErrorFirst())).status).toBe(503);
    const own = { code: 429, message: 'Shed.', status: 'RESOURCE_EXHAUSTED' };
    expect((await play(fault.streamErrorFirst(own))).status).toBe(429);
  });

  test('an error after n chunks, in all the shapes it was seen in', async () => {
    const data = await text(fault.streamErrorAfter(2));
    expect(data.match(/^data: /gm)).toHaveLength(3);
    expect(data).not.toContain('finishReason');
    expect(await text(fault.streamErrorAfter(1, 'event'))).toMatch(/\r\n\r\nevent: error\r\ndata: \{"error": /);
    expect(await text(fault.streamErrorAfter(1, 'raw'))).toMatch(/\r\n\r\n\{\n {2}"error": \{[\s\S]*\}\n$/);
    expect(await text(fault.streamErrorAfter(1, 'joined'))).toMatch(/\r\n\r\n\{\n {2}"error": /);
    expect(await text(fault.streamErrorAfter(0, 'joined'))).toMatch(/^\{\n {2}"error": /);
    expect(await text(fault.streamErrorAfter(1, 'array'))).toMatch(/\r\n\r\n\[\{\n {2}"error": [\s\S]*\}\n\]\n$/);
    expect(JSON.parse(await text(fault.streamErrorAfter(1), 'streamGenerateContent'))[1].error.code).toBe(503);
    expect(JSON.parse(await text(fault.streamErrorAfter(0), 'streamGenerateContent'))[0].error.code).toBe(503);
  });

  test('a cut after n chunks', async () => {
    const reader = (await play(fault.streamCutAfter(1), SSE)).body?.getReader();
    expect(Buffer.from((await reader?.read())?.value ?? '').toString()).toMatch(/^data: .*\r\n\r\n$/);
    await expect(reader?.read()).rejects.toThrow('terminated');
    await expect((await play(fault.streamCutAfter(1))).text()).rejects.toThrow('terminated');
  });

  test('an orderly end without finishReason', async () => {
    const chunks = await events(play(fault.streamNoFinish(2), SSE));
    expect(chunks.map((chunk) => chunk.candidates[0].finishReason)).toEqual([undefined, undefined]);
    expect(JSON.parse(await text(fault.streamNoFinish(2), 'streamGenerateContent'))).toHaveLength(2);
    expect((await json(play(fault.streamNoFinish(2)))).candidates[0]).not.toHaveProperty('finishReason');
  });

  test('silence after n chunks', async () => {
    for (const op of [SSE, 'generateContent']) {
      const gemini = await start();
      gemini.script(fault.streamStallAfter(1));
      const reader = (await ask(gemini, { op })).body?.getReader();
      expect((await reader?.read())?.value?.length).toBeGreaterThan(50);
      await reader?.cancel();
      expect((await gemini.waitForAbort()).played).toBe('streamStallAfter');
    }
  });

  test('nothing at all', async () => {
    expect(await text(fault.streamEmpty())).toBe('');
    expect(await text(fault.streamEmpty(), 'generateContent')).toBe('');
  });
});

describe('bad input', () => {
  test.each([
    [
      () => fault.quotaPerMinute({ retryDelay: 'soon' }),
      'fault.quotaPerMinute: `retryDelay` cannot be "soon". It is a duration such as \'17s\', or null.',
    ],
    [() => fault.streamCutAfter(-1), 'fault.streamCutAfter: `n` cannot be -1. It is a whole number of at least 0.'],
    [
      () => fault.streamErrorAfter(1, 'odd' as 'raw'),
      'fault.streamErrorAfter: `shape` cannot be "odd". Known: data, event, raw, array, joined.',
    ],
    [() => fault.slow(Number.NaN), 'fault.slow: `ms` cannot be null. It is a number of at least 0.'],
    [() => fault.drip({ everyMs: -1 }), 'fault.drip: `everyMs` cannot be -1. It is a number of at least 0.'],
  ])('%#: one sentence', (make, message) => expect(make).toThrow(new TypeError(message)));
});
