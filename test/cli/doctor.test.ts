import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { KINDS, type Kind } from '../../src/errors/kinds.ts';
import { fault, type Reply } from '../../src/testing/index.ts';
import { CANARY_KEY } from '../support.ts';
import { ensureBuilt, ROOT, run } from './built.ts';
import { AUTH_KEY, CLI, examine, examineBuilt, redis, withFake } from './doctor-stage.ts';

beforeAll(ensureBuilt, 60_000);

describe('where all is well', () => {
  it('every check is ok or left out, and nothing is paid for', async () => {
    await withFake(async (gemini) => {
      const { code, checks, check } = await examineBuilt(gemini.url);
      expect(code).toBe(0);
      expect(checks.filter(({ status }) => status !== 'ok' && status !== 'skipped')).toEqual([]);
      for (const name of ['node', 'sdk', 'environment', 'key', 'endpoint', 'tcp', 'http', 'clock']) {
        expect(check(name)?.status).toBe('ok');
      }
      for (const name of ['models.list', 'model', 'countTokens']) expect(check(name)?.status).toBe('ok');
      for (const name of ['call', 'tier', 'redis', 'proxy']) expect(check(name)?.status).toBe('skipped');
      expect(gemini.calls.filter(({ method }) => method === 'generateContent')).toEqual([]);
    });
  });

  it('--call makes one call of one token, with the model that was named', async () => {
    await withFake(async (gemini) => {
      gemini.always(fault.blockedResponse('MAX_TOKENS'), { method: 'generateContent' });
      const { code, check } = await examineBuilt(gemini.url, ['--call', '--model', 'models/gemini-3.5-flash-lite']);
      expect({ code, call: check('call')?.status }).toEqual({ code: 0, call: 'ok' });
      const calls = gemini.calls.filter(({ method }) => method === 'generateContent');
      expect(calls.map(({ model }) => model)).toEqual(['gemini-3.5-flash-lite']);
      expect(calls[0]?.body).toMatchObject({ generationConfig: { maxOutputTokens: 1 } });
    });
  });

  it('looks at each of several keys', async () => {
    await withFake(
      async (gemini) => {
        const keys = [AUTH_KEY, `${AUTH_KEY}-2`, 'two keys CANARY'].join(',');
        const { code, check } = await examineBuilt(gemini.url, [], { GEMINI_API_KEYS: keys });
        expect(code).toBe(1);
        expect(check('environment')?.message).toContain('the key is taken from GEMINI_API_KEYS');
        expect(check('key 1: models.list')?.status).toBe('ok');
        expect(check('key 2: models.list')).toMatchObject({ status: 'failed', kind: 'invalid_credentials' });
        expect(check('key 2: model')?.status).toBe('skipped');
        expect(check('key 3')?.status).toBe('failed');
      },
      { keys: [AUTH_KEY] },
    );
  });

  it('writes progress on stderr, and without a terminal no colours', async () => {
    await withFake(async (gemini) => {
      const { code, stdout, stderr } = await run([CLI, 'doctor'], gemini.env());
      expect(code).toBe(0);
      expect(stderr).toContain('doctor: looking at Gemini\n');
      expect(stdout).toMatch(/^ok {7}node .*\n/);
      expect(stdout).toMatch(/\n\d+ ok, (?:1 warning, )?\d+ skipped\n$/);
      expect(stdout).toContain('from GOOGLE_GEMINI_BASE_URL');
      expect(stdout).not.toContain('\x1b');
    });
  });
});

describe('what Gemini says against key, account and model', () => {
  const refusals: [string, Reply, Kind][] = [
    ['a bad key', fault.apiKeyInvalid(), 'invalid_credentials'],
    ['a leaked key', fault.apiKeyLeaked(), 'invalid_credentials'],
    ['a key of another type', fault.unauthenticated(), 'invalid_credentials'],
    ['a suspended project, with the key in the text', fault.suspended(), 'account_suspended'],
    ['an API that is not enabled', fault.serviceDisabled(), 'service_disabled'],
    ['a restricted key', fault.permissionDenied(undefined, 'API_KEY_SERVICE_BLOCKED'), 'permission_denied'],
    ['a country that is not served', fault.failedPrecondition(), 'location_unsupported'],
    ['an empty purse', fault.billing('prepaid'), 'billing'],
    ['no billing', fault.billing('disabled'), 'billing'],
    ['an outage', fault.overloaded(), 'model_overloaded'],
    ['an internal error', fault.internal(), 'upstream_internal'],
  ];
  it.each(refusals)('%s fails with cause and cure', async (_, reply, kind) => {
    await withFake(async (gemini) => {
      gemini.always(reply, { method: 'models.list', key: AUTH_KEY });
      const { code, check } = await examine(gemini.url);
      expect(code).toBe(1);
      const { cause, cure } = KINDS[kind];
      expect(check('models.list')).toMatchObject({ status: 'failed', kind, cause, cure });
      expect(check('models.list')?.link).toMatch(new RegExp(`docs/errors\\.md#${kind}$`));
      expect(check('model')?.message).toBe('Left out, because models.list failed.');
    });
  });

  it('a key that lists models but may not use them', async () => {
    await withFake(async (gemini) => {
      gemini.always(fault.permissionDenied(), { method: 'countTokens' });
      const { code, check } = await examineBuilt(gemini.url);
      expect(code).toBe(1);
      expect(check('models.list')?.status).toBe('ok');
      expect(check('countTokens')).toMatchObject({ status: 'failed', kind: 'permission_denied' });
      expect(check('countTokens')?.link).toMatch(/\/docs\/errors\.md#permission_denied$/);
    });
  });

  it('a model that does not exist', async () => {
    await withFake(
      async (gemini) => {
        const { code, check } = await examine(gemini.url, ['--model', 'gemini-9-flash']);
        expect(code).toBe(1);
        expect(check('model')).toMatchObject({ status: 'failed', kind: 'model_not_found' });
      },
      { models: ['gemini-3.8-flash'] },
    );
  });

  it('a model without generateContent', async () => {
    await withFake(async (gemini) => {
      const { code, check } = await examine(gemini.url, ['--model', 'gemini-embedding-001']);
      expect(code).toBe(1);
      expect(check('model')?.message).toContain('has no generateContent');
    });
  });

  it('a retired model fails even where something answers to its name', async () => {
    await withFake(async (gemini) => {
      const { code, check } = await examine(gemini.url, ['--model', 'gemini-2.0-flash']);
      expect(code).toBe(1);
      expect(check('model')).toMatchObject({ status: 'failed', message: expect.stringContaining('2026-06-01') });
    });
  });

  it('a quota of zero fails the call, and tells the tier', async () => {
    await withFake(async (gemini) => {
      gemini.always(fault.quotaZero(), { method: 'generateContent' });
      const { code, check } = await examine(gemini.url, ['--call']);
      expect(code).toBe(1);
      expect(check('call')).toMatchObject({ status: 'failed', kind: 'quota_zero' });
      expect(check('tier')).toMatchObject({ status: 'ok', message: expect.stringMatching(/^FreeTier, by the quota /) });
    });
  });

  it('a quota of this minute is a warning: key and model are good', async () => {
    await withFake(
      async (gemini) => {
        gemini.script(fault.quotaPerMinute({ tier: 'paid' }), { method: 'generateContent' });
        const { code, check } = await examine(gemini.url, ['--call']);
        expect({ code, call: check('call')?.status }).toEqual({ code: 0, call: 'warning' });
        expect(check('call')?.kind).toBe('rate_limited');
        expect(check('tier')?.message).not.toContain('FreeTier');
      },
      { tier: 'paid' },
    );
  });
});

describe('what lies on the way', () => {
  it('nobody listens', async () => {
    const gone = await withFake(async ({ url }) => url);
    const { code, check } = await examineBuilt(gone);
    expect(code).toBe(3);
    expect(check('tcp')).toMatchObject({
      status: 'failed',
      kind: 'network_error',
      message: expect.stringContaining('ECONNREFUSED'),
    });
    expect(check('gemini')?.message).toBe('Left out, because tcp failed.');
  });

  it('a name that has no address', async () => {
    const { code, check } = await examine('https://gemini.invalid');
    expect(code).toBe(3);
    expect(check('dns')).toMatchObject({ status: 'failed', kind: 'network_error' });
    expect(check('http')?.status).toBe('skipped');
  });

  it('a server that speaks no TLS', async () => {
    await withFake(async ({ url }) => {
      const { code, check } = await examine(url.replace('http:', 'https:'));
      expect(code).toBe(3);
      expect(check('tcp')?.status).toBe('ok');
      expect(check('tls')?.status).toBe('failed');
    });
  });

  it('silence', async () => {
    await withFake(async (gemini) => {
      gemini.always(fault.hang());
      const { code, check } = await examine(gemini.url, ['--timeout', '0.5']);
      expect(code).toBe(3);
      expect(check('http')).toMatchObject({ status: 'failed', kind: 'upstream_timeout' });
    });
  });

  it('silence to the calls with a key alone', async () => {
    await withFake(async (gemini) => {
      gemini.always(fault.hang(), { key: AUTH_KEY });
      const { code, check } = await examine(gemini.url, ['--timeout', '0.5']);
      expect(code).toBe(3);
      expect(check('http')?.status).toBe('ok');
      expect(check('models.list')?.status).toBe('failed');
    });
  });

  it.each<[string, Reply, Kind]>([
    ['the page of a proxy, with status 200', fault.html200(), 'invalid_response'],
    ['the page of a gateway', fault.htmlPage(502), 'invalid_response'],
    ["Google's front end, which refuses this address", fault.sorry(), 'ip_blocked'],
    ['a portal that redirects', fault.redirect('http://login.invalid/'), 'invalid_response'],
    ['a broken connection', fault.reset(), 'network_error'],
  ])('%s', async (_, reply, kind) => {
    await withFake(async (gemini) => {
      gemini.always(reply);
      const { code, check } = await examine(gemini.url);
      expect({ code, kind: check('http')?.kind }).toEqual({ code: 3, kind });
    });
  });

  it.each([
    [-90_000, 'warning', 'ahead', 0],
    [3_600_000, 'failed', 'behind', 1],
  ])('a clock that differs by %d ms: %s', async (offMs, status, side, exit) => {
    await withFake(async (gemini) => {
      const reply = (): Reply =>
        fault.raw({
          status: 403,
          headers: { 'content-type': 'application/json', date: new Date(Date.now() + offMs).toUTCString() },
          body: '{}',
        });
      // Only the calls without a key: those of the SDK succeed.
      gemini.always((call) => (call.key === undefined ? reply() : fault.gzip()), { method: 'models.list' });
      const { code, check } = await examine(gemini.url);
      expect(check('clock')).toMatchObject({ status, message: expect.stringContaining(side) });
      expect(code).toBe(exit);
    });
  });

  it('a proxy that Node does not use is a warning, without its password', async () => {
    await withFake(async (gemini) => {
      const { check, stderr, checks } = await examineBuilt(gemini.url, [], {
        HTTPS_PROXY: 'http://u:CANARYpass@proxy:3128',
      });
      expect(check('proxy')?.status).toBe('warning');
      expect(`${stderr}${JSON.stringify(checks)}`).not.toContain('CANARYpass');
    });
  });
});

describe('the environment', () => {
  it('without a key', async () => {
    await withFake(async (gemini) => {
      const { code, check } = await examine(gemini.url, [], { GEMINI_API_KEY: '' });
      expect(code).toBe(1);
      expect(check('environment')).toMatchObject({ status: 'failed', cure: expect.stringContaining('GEMINI_API_KEY') });
      expect(check('gemini')?.message).toBe('Left out, because environment failed.');
    });
  });

  it('two keys: says which wins, and the SDK agrees', async () => {
    await withFake(async (gemini) => {
      const { check } = await examineBuilt(gemini.url, [], { GOOGLE_API_KEY: CANARY_KEY });
      expect(check('environment')).toMatchObject({
        status: 'warning',
        message: expect.stringContaining('taken from GOOGLE_API_KEY'),
      });
      const used = gemini.calls.map(({ key }) => key).filter((key) => key !== undefined);
      expect(new Set(used)).toEqual(new Set([CANARY_KEY]));
      expect(check('key')).toMatchObject({ status: 'warning', message: expect.stringContaining('AIza') });
    });
  });

  it.each([
    [`"${AUTH_KEY}"`, 'quotes'],
    [`${AUTH_KEY} ${AUTH_KEY}`, 'two keys in one'],
    ['ya29.CANARY-token-of-nobody', 'access token'],
    ['{ "type": "service_account", "x": "CANARY" }', 'service account'],
  ])('a key that is none: %#', async (value, says) => {
    await withFake(async (gemini) => {
      const { code, check } = await examine(gemini.url, [], { GEMINI_API_KEY: value });
      expect(code).toBe(1);
      expect(check('key')).toMatchObject({ status: 'failed', message: expect.stringContaining(says) });
      expect(check('gemini')?.message).toBe('Left out, because key failed.');
    });
  });

  it('Vertex AI without a project, and with one', async () => {
    await withFake(async (gemini) => {
      const vertex = { GOOGLE_GENAI_USE_VERTEXAI: 'true', GEMINI_API_KEY: '' };
      const without = await examineBuilt(gemini.url, [], vertex);
      expect(without.check('environment')?.message).toContain('Missing: GOOGLE_CLOUD_PROJECT, GOOGLE_CLOUD_LOCATION');
      const express = await examineBuilt(gemini.url, ['--call'], {
        GOOGLE_GENAI_USE_VERTEXAI: '1',
        GOOGLE_API_KEY: AUTH_KEY,
        GEMINI_API_KEY: '',
      });
      expect(express.code).toBe(0);
      expect(express.check('call')?.status).toBe('ok');
    });
  });

  it('an address with a password in it is not used and not shown', async () => {
    const { code, stdout, stderr } = await run([CLI, 'doctor', '--json'], {
      GEMINI_API_KEY: AUTH_KEY,
      GOOGLE_GEMINI_BASE_URL: 'http://user:CANARYpass@127.0.0.1:1',
    });
    expect(code).toBe(1);
    expect(stdout).toContain('GOOGLE_GEMINI_BASE_URL is no address');
    expect(`${stdout}${stderr}`).not.toContain('CANARYpass');
  });
});

describe('the SDK', () => {
  const project = join(ROOT, '.cache/doctor-project');

  it('that is too old for its calls to be guarded', async () => {
    mkdirSync(join(project, 'node_modules/@google'), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules/genai-1'), join(project, 'node_modules/@google/genai'));
    try {
      const { code, stdout } = await run(
        [join(ROOT, CLI), 'doctor', '--json', '--base-url', 'http://127.0.0.1:1'],
        {},
        project,
      );
      const { checks } = JSON.parse(stdout);
      expect(checks.find(({ name }: { name: string }) => name === 'sdk')).toMatchObject({
        status: 'failed',
        message: '@google/genai 1.52.0 is too old: its calls cannot be guarded.',
      });
      expect(code).toBe(3);
    } finally {
      rmSync(project, { recursive: true });
    }
  });
});

describe('Redis', () => {
  it.each([
    ['+OK\r\n+PONG\r\n', 'ok', 'answers PING'],
    ['-NOAUTH Authentication required.\r\n', 'failed', '(NOAUTH)'],
    ['-WRONGPASS invalid username-password pair CANARYpass\r\n-NOAUTH x\r\n', 'failed', '(WRONGPASS)'],
    ['HTTP/1.1 400 Bad Request\r\n', 'failed', 'no Redis answers there'],
  ])('%j', async (reply, status, says) => {
    await redis(reply, async (address, heard) => {
      await withFake(async (gemini) => {
        const { check, checks } = await examine(gemini.url, [], { REDIS_URL: `redis://:CANARYpass@${address}/0` });
        expect(check('redis')).toMatchObject({ status, message: expect.stringContaining(says) });
        expect(heard()).toBe('*2\r\n$4\r\nAUTH\r\n$10\r\nCANARYpass\r\n*1\r\n$4\r\nPING\r\n');
        expect(JSON.stringify(checks)).not.toContain('CANARYpass');
      });
    });
  });

  it('that is not there fails the doctor, but Google is reached', async () => {
    await withFake(async (gemini) => {
      const { code, check } = await examineBuilt(gemini.url, [], { REDIS_URL: 'redis://127.0.0.1:1' });
      expect({ code, status: check('redis')?.status }).toEqual({ code: 1, status: 'failed' });
    });
  });
});
