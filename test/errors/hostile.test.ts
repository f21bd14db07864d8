import { inspectAnswer } from '../../src/errors/inspect-answer.ts';
import { isGeminiFailure } from '../../src/errors/is-gemini-failure.ts';
import { clean, redact } from '../../src/errors/redact.ts';
import { durationMs, MAX_WAIT_MS, waitInHeaders, waitInText } from '../../src/errors/retry-info.ts';
import { understand } from '../../src/errors/understand.ts';
import { costMs } from '../measure.ts';

// Made of pieces, so that no key-shaped string stands in the repository.
const KEY = `AIza${'SyD-9tZ_canary'.padEnd(31, 'x')}CNRY`;
const error = (message: unknown, more: object = {}): unknown => ({
  error: { code: 400, message, status: 'INVALID_ARGUMENT', ...more },
});
const everything = (input: unknown): string => {
  const understood = understand(input, { status: 400 });
  const { cause: _cause, ...rest } = { ...understood } as Record<string, unknown>;
  return `${understood.message} ${understood.upstreamMessage()} ${JSON.stringify(understood)} ${JSON.stringify(rest)}`;
};
describe('secrets', () => {
  it('SAFETY 1: a key in the text of the upstream is redacted', () => {
    const text = everything(error(`API key ${KEY} not valid`));
    expect(text).not.toContain(KEY);
    expect(text).toContain('[redacted]');
  });

  it('SAFETY 1: also with a control character inside', () => {
    expect(everything(error(`key ${KEY.slice(0, 6)}\u200b${KEY.slice(6)}`))).not.toContain('CNRY');
  });

  it('SAFETY 2: a key in an address is redacted in message, cause and everywhere', () => {
    const address = `https://x/v1/models/y?alt=sse&key=${KEY}&z=1`;
    const thrown = Object.assign(new TypeError(`fetch failed ${address}`, { cause: new Error(address) }), {
      url: address,
    });
    expect(everything(thrown)).not.toContain('CNRY');
    expect(redact('GET /v1?key=my-own-secret-key&a=b')).toBe('GET /v1?key=[redacted]&a=b');
    expect(redact('%3Fkey%3Dabcdefghijk%26a%3Db')).toBe('%3Fkey%3D[redacted]%26a%3Db');
  });

  it('SAFETY 3: a configured key is redacted raw, URL-encoded, JSON-escaped and in base64', () => {
    const secret = 'my/own+"secret"\\key é';
    const forms = [
      secret,
      encodeURIComponent(secret),
      JSON.stringify(secret).slice(1, -1),
      Buffer.from(secret).toString('base64'),
    ];
    for (const form of forms) {
      expect(redact(`before ${form} after`, [secret])).toBe('before [redacted] after');
    }
    const core = Buffer.from(secret).toString('base64').slice(4, 20);
    for (const prefix of ['', 'a', 'ab']) {
      const inside = Buffer.from(`${prefix}${secret}`).toString('base64');
      expect(redact(inside, [secret])).toContain('[redacted]');
      expect(redact(inside, [secret])).not.toContain(core);
    }
    expect(redact('lone \ud800 surrogate', ['lone \ud800 surrogate'])).toBe('[redacted]');
    expect(redact('key', ['key', 'short'])).toBe('key');
  });

  it('SAFETY 4: tokens, bearers and private keys are redacted', () => {
    const pem = '-----BEGIN PRIVATE KEY-----\\nMIIE+abc/def==\\n-----END PRIVATE KEY-----';
    expect(redact(`a ${pem} b`)).toBe('a [redacted] b');
    expect(redact('-----BEGIN RSA PRIVATE KEY-----\nMIIE')).toBe('[redacted]');
    expect(redact('ya29.a0AfB_byC-x.y')).toBe('[redacted]');
    expect(redact('AQ.Ab8RN6J_x-yz012')).toBe('[redacted]');
    expect(redact('Authorization: Bearer abc.def-ghi')).toBe('Authorization: Bearer [redacted]');
    expect(redact('{"x-goog-api-key":"abcdef12345"}')).toBe('{"x-goog-api-key":"[redacted]"}');
    expect(redact("'x-goog-api-key': ['abcdef12345']")).toBe("'x-goog-api-key': ['[redacted]']");
    expect(redact('{"refresh_token": "abcdef12345"}')).toBe('{"refresh_token": "[redacted]"}');
    expect(redact('eyJhbGciOiJSUzI1.eyJpc3MiOiJhYmMi.c2lnbmF0dXJl')).toBe('[redacted]');
  });

  it('removes project numbers and the addresses of callers', () => {
    expect(redact("consumer 'projects/123456789012' project_number:123456789012")).toBe(
      "consumer 'projects/[redacted]' project_number:[redacted]",
    );
    expect(redact('on project #123456789012 or project 123456789012 or project=123456789012')).toBe(
      'on project #[redacted] or project [redacted] or project=[redacted]',
    );
    expect(redact('"callerIp": "203.0.113.9"')).toBe('"callerIp": "[redacted]"');
    expect(redact('The originating IP address of the call (2001:db8::1) violates')).toBe(
      'The originating IP address of the call ([redacted]) violates',
    );
  });

  it('changes nothing the second time, and nothing that is no secret', () => {
    const text = `key=${KEY} Bearer abcdefgh projects/1234567 ya29.x x-goog-api-key: abc "callerIp":"1.2.3.4"`;
    expect(redact(redact(text))).toBe(redact(text));
    const plain = 'models/gemini-3.8-flash is not found for API version v1beta. Please retry in 38.6s.';
    expect(redact(plain, ['not in the text'])).toBe(plain);
  });
});

describe('texts', () => {
  it('SAFETY 8: a megabyte in the message gives at most 2,048 characters', () => {
    expect(understand(error('x'.repeat(1e6))).upstreamMessage()).toHaveLength(2048);
    expect(clean('x'.repeat(2047).concat('😀'))).toHaveLength(2047);
  });

  it('SAFETY 13: line ends never get through', () => {
    expect(understand(error('bad\r\nSet-Cookie: a=b')).upstreamMessage()).toBe('bad Set-Cookie: a=b');
  });

  it('SAFETY 20: escapes, controls and bidi characters are stripped', () => {
    expect(
      clean(
        '\u001b[31mred\u001b[0m \u001b]8;;http://x\u0007link\u001b]8;;\u001b\\ \u0000a\u2028b\u202ec\u0085d\u009b1me\u001bM',
      ),
    ).toBe('red link  a bc de');
    expect(understand(error('\u001b[31mred\u202e')).upstreamMessage()).toBe('red');
  });

  it('SAFETY 22: __proto__ in details pollutes nothing', () => {
    const details =
      '[{"@type":"x","__proto__":{"polluted":1},"metadata":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}}]';
    const raw = `{"__proto__":{"polluted":1},"error":{"__proto__":{"polluted":1},"code":503,"message":"x","details":${details}}}`;
    expect(understand(raw).kind).toBe('upstream_unavailable');
    expect(
      understand('{"error":{"code":"__proto__","status":"constructor","message":"x","errors":[{"reason":"toString"}]}}')
        .kind,
    ).toBe('unknown');
    expect(inspectAnswer({ candidates: [{ finishReason: '__proto__' }] })?.kind).toBe('bad_model_output');
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  it('SAFETY 23: 100,000 levels of nesting are no answer, at once', () => {
    for (const open of ['[', '{"error":', '{"a":', '[{"error":']) {
      const raw = open.repeat(100_000);
      expect(understand(raw, { status: 200 }).kind).toBe('invalid_response');
      expect(understand(raw, { status: 502 }).kind).toBe('upstream_unavailable');
      expect(costMs(() => understand(raw, { status: 502 }))).toBeLessThan(50);
    }
    let deep: unknown = 'x';
    for (let i = 0; i < 100_000; i++) deep = { error: deep };
    expect(understand(deep).kind).toBe('unknown');
    let inside = JSON.stringify(error('API key expired'));
    for (let i = 0; i < 4; i++) inside = JSON.stringify({ error: { message: inside, code: 500 } });
    expect(understand(inside).kind).toBe('invalid_credentials');
  });

  it('SAFETY 24: of 20 MB the first 64 KB are read', () => {
    const raw = `{"error":{"code":503,"message":"The model is overloaded. ${'x'.repeat(20_000_000)}`;
    expect(understand(raw, { status: 503 }).kind).toBe('model_overloaded');
    expect(costMs(() => understand(raw, { status: 503 }))).toBeLessThan(100);
    expect(understand(`${' '.repeat(70_000)}API key expired`, { status: 500 }).kind).toBe('upstream_internal');
  });
});

describe('waits', () => {
  it('SAFETY 16: enormous waits are capped', () => {
    for (const retryDelay of ['9999999s', `${'9'.repeat(40)}s`, '999999h', { seconds: 1e308 }, { seconds: '1e400' }]) {
      expect(durationMs(retryDelay)).toBe(MAX_WAIT_MS);
      expect(understand({ error: { code: 429, details: [{ retryDelay }] } }).retryAfterMs).toBe(MAX_WAIT_MS);
    }
    expect(durationMs(`${1e308}`)).toBeUndefined();
  });

  it.each([
    '-5s',
    'NaNs',
    '',
    {},
    5,
    1e308,
    '1e9s',
    null,
    undefined,
    [],
    '5',
    's',
    '1.s',
    '1.2.3s',
    '5s5s',
    '1m2h',
    'x'.repeat(99),
    { seconds: -1 },
    { seconds: 1, nanos: -1 },
  ])('SAFETY 17: the retryDelay %j is absent', (retryDelay) => {
    expect(durationMs(retryDelay)).toBeUndefined();
    expect(understand({ error: { code: 429, message: 'x', details: [{ retryDelay }] } }).retryAfterMs).toBeUndefined();
  });

  it('SAFETY 18: a Retry-After that is past, far away or garbage is 0, the cap or absent', () => {
    const now = (): number => Date.UTC(2026, 10, 23);
    const wait = (value: unknown): number | undefined => waitInHeaders({ 'Retry-After': value }, now);
    expect(wait('Sun, 22 Nov 2026 00:00:00 GMT')).toBe(0);
    expect(wait('Mon, 23 Nov 2026 00:00:05 GMT')).toBe(5000);
    expect(wait('Fri, 31 Dec 9999 23:59:59 GMT')).toBe(MAX_WAIT_MS);
    for (const garbage of ['soon', '-5', '1e5', 'Mon, 99 Foo 2026 00:00:00 GMT', '1\r\nX: y', '', {}, null, 'x 5']) {
      expect(wait(garbage)).toBeUndefined();
    }
    expect(wait('7')).toBe(7000);
    expect(wait(7)).toBe(7000);
    expect(wait(['2.5'])).toBe(2500);
    expect(waitInHeaders(new Headers({ 'retry-after-ms': '250', 'retry-after': '9' }), now)).toBe(250);
    expect(waitInHeaders(new Headers({ 'retry-after-ms': 'x', 'retry-after': '9' }), now)).toBe(9000);
    for (const odd of [
      undefined,
      null,
      'x',
      5,
      {
        get: () => {
          throw new Error('trap');
        },
      },
    ]) {
      expect(waitInHeaders(odd, now)).toBeUndefined();
    }
    expect(understand('', { status: 503, headers: { 'retry-after': '3' } }).retryAfterMs).toBe(3000);
    expect(understand('retry in 2s', { status: 503, headers: { 'retry-after': '3' } }).retryAfterMs).toBe(2000);
  });

  it.each([
    ['51s', 51_000],
    ['34.074824224s', 34_075],
    ['856.559356ms', 857],
    ['10h17m5.723541104s', 37_025_724],
    ['2m', 120_000],
    ['0s', 0],
    [{ seconds: 3, nanos: 5e8 }, 3500],
  ])('reads the duration %j', (text, ms) => expect(durationMs(text)).toBe(ms));

  it.each([
    ['Please retry in 38.614529013s.', 38_615],
    ['retry_delay {\n  seconds: 33\n}', 33_000],
    ['retry_delay { seconds: 1 nanos: 500000000 }', 1500],
    ['retry_delay { seconds: x }', undefined],
    ["'retryDelay': '7s'", 7000],
    ['"retryDelay" => "7s"', 7000],
    ['Your quota will reset after 8h44m7s.', 31_447_000],
    ['Please try again in 30 seconds.', 30_000],
    ['wait 2 minutes', 120_000],
    ['retry after 1 hour', 3_600_000],
    ['resets in about 250 milliseconds', 250],
    ['resets in 3 days', MAX_WAIT_MS],
    ['retry-after: 30', 30_000],
    ['"retry-after":"30"', 30_000],
    ['retry after 30 attempts', undefined],
    ['retry in 5s, or retry in 9s, or retry in 2s', 9000],
    ['retry 3 times', undefined],
    ['please retry', undefined],
  ])('reads the wait in %j', (text, ms) => expect(waitInText(text)).toBe(ms));

  it('SAFETY 27: hostile texts cost each parser next to nothing', () => {
    const n = 100_000;
    const pieces = [
      '1',
      '(',
      'key=',
      ' ',
      '{"',
      '[',
      'retry ',
      '<',
      '<style>',
      '\\',
      'data: {\n',
      ' at ',
      'A_',
      'eyJ',
      '\u001b]',
      'limit: 1 ',
      'prompt ',
      'file ',
      'api key ',
      '-----BEGIN PRIVATE KEY-----',
      'projects/',
      '"error":{',
      'finish_reason(',
    ];
    for (const piece of pieces) {
      const text = piece.repeat(Math.ceil(n / piece.length));
      for (const work of [
        () => durationMs(text),
        () => waitInText(text),
        () => waitInHeaders({ 'retry-after': text }, Date.now),
        () => redact(text, ['a secret of mine']),
        () => clean(text),
        () => understand(text, { status: 429 }),
        () => understand(new Error(text)),
      ]) {
        // 10 ms on an idle machine; ten times that on a busy one still tells linear from quadratic.
        expect(costMs(work)).toBeLessThan(100);
      }
    }
  });
});

describe('values', () => {
  it.each([
    'a',
    1,
    1n,
    Symbol('s'),
    null,
    undefined,
    () => 1,
    Number.NaN,
    true,
    [],
    {},
    new Date(0),
    new Map(),
  ])('SAFETY 28: a thrown %p is understood', (value) => {
    expect(understand(value).kind).toBe('unknown');
    expect(understand(value, { status: 503 }).kind).toBe('upstream_unavailable');
    expect(isGeminiFailure(value)).toBe(false);
  });

  it('SAFETY 29: frozen errors are left alone', () => {
    const frozen = Object.freeze(Object.assign(new Error('x'), { status: 429 }));
    expect(understand(frozen).kind).toBe('rate_limited');
    expect(understand(Object.seal({ error: { code: 429 } })).kind).toBe('rate_limited');
  });

  it('SAFETY 30: nothing that throws when touched gets through', () => {
    const trap = (): never => {
      throw new Error('trap');
    };
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    const revokedList = Proxy.revocable([], {});
    revokedList.revoke();
    const getters = Object.defineProperties(
      new Error('x'),
      Object.fromEntries(
        ['stack', 'message', 'name', 'cause', 'status', 'code', 'errors', 'headers'].map((key) => [key, { get: trap }]),
      ),
    );
    const proxy = new Proxy(new Error('x'), {
      get: trap,
      has: trap,
      ownKeys: trap,
      getPrototypeOf: trap,
      getOwnPropertyDescriptor: trap,
    });
    const hostile = [
      revoked.proxy,
      revokedList.proxy,
      getters,
      proxy,
      { toJSON: trap, toString: trap },
      { error: proxy },
      [proxy],
      { error: { message: revoked.proxy, details: revokedList.proxy } },
      { metadata: proxy, message: 'x' },
      { response: revoked.proxy },
      { errors: new Proxy([], { get: trap }) },
    ];
    for (const value of hostile) {
      expect(understand(value).kind).toBe('unknown');
      expect(isGeminiFailure(value)).toBe(false);
      expect(() => inspectAnswer(value)).not.toThrow();
      expect(understand('', { status: 503, headers: value }).kind).toBe('upstream_unavailable');
    }
    // Even a clock that throws.
    const odd = understand('x', {
      status: 503,
      headers: { 'retry-after': 'Mon, 23 Nov 2026 00:00:05 GMT' },
      now: trap,
    });
    expect(odd.kind).toBe('unknown');
  });

  it('SAFETY 31: circles, endless causes and a crowd of errors are cut short', () => {
    const circle = new Error('a');
    circle.cause = circle;
    expect(understand(circle).kind).toBe('unknown');
    let reads = 0;
    const endless = (): Error =>
      Object.defineProperty(new Error('x'), 'cause', {
        get() {
          reads++;
          return endless();
        },
      });
    expect(understand(endless()).kind).toBe('unknown');
    expect(reads).toBeLessThanOrEqual(5);
    let children = 0;
    const crowd = new AggregateError([], 'all failed');
    const child = Object.assign(new Error('x'), { code: 'ECONNREFUSED' });
    const list = new Proxy(
      Array.from({ length: 100_000 }, () => child),
      {
        get(target, key, receiver) {
          if (typeof key === 'string' && /^\d+$/.test(key)) children++;
          return Reflect.get(target, key, receiver);
        },
      },
    );
    Object.defineProperty(crowd, 'errors', { value: list });
    expect(understand(crowd).kind).toBe('network_error');
    expect(children).toBeLessThanOrEqual(40);
  });

  it('SAFETY 32: errors of another realm or copy are told by shape', () => {
    const alien = {
      name: 'ApiError',
      status: 429,
      message: '{"error":{"code":429,"message":"x","status":"RESOURCE_EXHAUSTED"}}',
      stack: 'ApiError: x',
    };
    expect(understand(alien).kind).toBe('rate_limited');
    expect(isGeminiFailure(alien)).toBe(true);
  });

  it.each(['429', 0, 99_999, Number.NaN, 200, -1, 429.5, null, {}])('SAFETY 33: the status %p is ignored', (status) => {
    expect(understand(Object.assign(new Error('x'), { status })).kind).toBe('unknown');
    if (status !== 200) expect(understand('x', { status: status as number }).kind).toBe('unknown');
  });

  it.each(['route', 'router'])("SAFETY 34: a thrown '%s' is unknown", (text) => {
    expect(understand(text)).toMatchObject({ kind: 'unknown', status: 500 });
  });
});
