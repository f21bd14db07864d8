import { clean, redact } from '../../src/errors/redact.ts';

// Made of pieces, so that no key-shaped string stands in the repository.
const AIZA = `AI${'za'}`;
const PEM = ['-----BEGIN ', 'PRIVATE KEY-----'];

/** The text as it comes out. `R` stands for what was taken out. */
const redacted = (text: string): string => redact(text).replaceAll('[redacted]', 'R');

describe('the forms of secrets', () => {
  test.each([
    // A whole PEM block, of any algorithm, and one that was cut off.
    [`a ${PEM[0]}${PEM[1]}\nMIIE+x/y=\n-----END ${PEM[1]} b`, 'a R b'],
    [`a ${PEM[0]}RSA ${PEM[1]}\nMIIE\n-----END RSA ${PEM[1]} b`, 'a R b'],
    [`a ${PEM[0]}EC ${PEM[1]}\nMIIE`, 'a R'],
    // Google's keys and tokens: ten characters make one.
    [`${AIZA}SyD-9tZ_x* b`, 'R b'],
    [`${AIZA}SyD-9tZ_x b`, `${AIZA}SyD-9tZ_x b`],
    [`x${AIZA}SyD-9tZ_xyz`, 'xR'],
    ['AQ.Ab8RN6J_x- b', 'R b'],
    ['AQ.Ab8RN6J_x b', 'AQ.Ab8RN6J_x b'],
    ['FAQ.Ab8RN6J_x-yz', 'FAQ.Ab8RN6J_x-yz'],
    ['ya29.a b', 'R b'],
    ['ya29.a0-b_c.d* b', 'R b'],
    ['ya29. b', 'ya29. b'],
    ['maya29.abc', 'maya29.abc'],
    [`1//0${'g-_'.repeat(6)}ab c`, 'R c'],
    [`1//0${'g-_'.repeat(6)}a c`, `1//0${'g-_'.repeat(6)}a c`],
    [`11//0${'g'.repeat(30)}`, `11//0${'g'.repeat(30)}`],
    ['GOCSPX-abcdefgh-_ c', 'R c'],
    ['GOCSPX-abcdefgh- c', 'GOCSPX-abcdefgh- c'],
    ['xGOCSPX-abcdefgh-_ c', 'xGOCSPX-abcdefgh-_ c'],
    // Signed tokens of two and of three parts.
    ['eyJabcdefg-_0.eyJpc3-_abc.c2ln-_ d', 'R d'],
    ['eyJabcdefg-_0.eyJpc3-_abc d', 'R d'],
    ['eyJabcdefg-_.eyJpc3-_ab d', 'eyJabcdefg-_.eyJpc3-_ab d'],
    ['eyJabcdefg-_0.eyJpc3-_a d', 'eyJabcdefg-_0.eyJpc3-_a d'],
    ['beyJabcdefg-_0.eyJpc3-_abc', 'beyJabcdefg-_0.eyJpc3-_abc'],
    ['%Dya29.abc', '%Dya29.abc'],
    ['%3Gya29.abc', '%3Gya29.abc'],
  ])('%s', (text, expected) => {
    expect(redacted(text)).toBe(expected);
  });
});

test.each([
  ...['AQ.Ab8RN6J_x-', 'ya29.a', `1//0${'g-_'.repeat(6)}ab`, 'GOCSPX-abcdefgh-_', 'eyJabcdefg-_0.eyJpc3-_abc'],
])('%s begins behind a letter that a URL has encoded, too', (secret) => {
  for (const before of ['%3D', '%20', '%2f', '%Ab']) expect(redacted(`${before}${secret} d`)).toBe(`${before}R d`);
});

describe('what stands behind a name', () => {
  test.each([
    ['Bearer abc.d~+/=*-', 'Bearer R'],
    ['Bearer Bearer abcdef', 'Bearer Bearer R'],
    ['Basic%20Bearer%20abcdef', 'Basic%20Bearer%20R'],
    ['Bearer+Basic+abcdef', 'Bearer+Basic+R'],
    ['Bearer Bearerabcdef', 'Bearer R'],
    ['bearer  abcdef,', 'bearer  R,'],
    ['Authorization%3ABearer%20abcdef', 'Authorization%3ABearer%20R'],
    ['Authorization%3a%20Basic%20abcdef', 'Authorization%3a%20Basic%20R'],
    ['%0gBearer abcdef', '%0gBearer abcdef'],
    ['Basic%20abcdef x', 'Basic%20R x'],
    ['Basic+abcdef x', 'Basic+R x'],
    ['Bearer     abcdef', 'Bearer     abcdef'],
    ['Bearer abcde f', 'Bearer abcde f'],
    ['forBearer abcdef', 'forBearer abcdef'],
    ['/v1?key=abc&alt=sse', '/v1?key=R&alt=sse'],
    ['/v1?alt=sse&key=abc#x', '/v1?alt=sse&key=R'],
    ['/v1%3Fkey%3Dabc%26alt%3Dsse', '/v1%3Fkey%3DR%26alt%3Dsse'],
    ['/v1%3Falt%3Dsse%26key%3Dabc%26x', '/v1%3Falt%3Dsse%26key%3DR%26x'],
    ['key=abc def', 'key=R def'],
    ['apikey=abc def', 'apikey=R def'],
    ['api_key=abc def', 'api_key=R def'],
    ['monkey=abc', 'monkey=abc'],
    ['mon?key=abc', 'mon?key=R'],
    [
      '"key=a" \'key=b\' `key=c` <key=d> (key=e) [key=f] {key=g}',
      '"key=R" \'key=R\' `key=R` <key=R> (key=R) [key=R] {key=R}',
    ],
    ['key=a\\n', 'key=R\\n'],
    ['key=', 'key='],
    ['access_token=abcdef&x', 'access_token=R&x'],
    ['refresh_token : "abcdef"', 'refresh_token : "R"'],
    ["'id_token':'abcdef'", "'id_token':'R'"],
    ['access_token=\tabcdef', 'access_token=\tR'],
    ['access_token%3Dabcdef x', 'access_token%3DR x'],
    ['client_secret%3dabcdefgh x', 'client_secret%3dR x'],
    ['access_token=abcde', 'access_token=abcde'],
    ['page_token=abcdef', 'page_token=abcdef'],
    ['access_token     =abcdef', 'access_token     =abcdef'],
    ['access_token=     abcdef', 'access_token=     abcdef'],
    ['access_token abcdef', 'access_token abcdef'],
    ['x-goog-api-key: a', 'x-goog-api-key: R'],
    ['X-Goog-Api-Key:a,b', 'X-Goog-Api-Key:R,b'],
    ['{"x-goog-api-key":"a"}', '{"x-goog-api-key":"R"}'],
    ['{\\"x-goog-api-key\\":\\"a\\"}', '{\\"x-goog-api-key\\":\\"R\\"}'],
    ["{'x-goog-api-key' => 'a'}", "{'x-goog-api-key' => 'R'}"],
    ["[ 'x-goog-api-key', 'a' ]", "[ 'x-goog-api-key', 'R' ]"],
    ["'x-goog-api-key': ['a']", "'x-goog-api-key': ['R']"],
    ["'x-goog-api-key': [redacted]", "'x-goog-api-key': R"],
    ['x-goog-api-key=     a', 'x-goog-api-key=     a'],
    ['x-goog-api-key a', 'x-goog-api-key a'],
    ['apiKey: "abcdefgh"', 'apiKey: "R"'],
    ['api_key: abcdefgh', 'api_key: R'],
    ['api-key:abcdefgh,', 'api-key:R,'],
    ['API_KEY => abcdefgh', 'API_KEY => R'],
    ["private_key: 'abcdefgh'", "private_key: 'R'"],
    ['{"client_secret": "abcdefgh"}', '{"client_secret": "R"}'],
    ['{\\"client_secret\\": \\"abcdefgh\\"}', '{\\"client_secret\\": \\"R\\"}'],
    ['client_secret    =    abcdefgh', 'client_secret    =    R'],
    ['client_secret     =abcdefgh', 'client_secret     =abcdefgh'],
    ['client_secret=     abcdefgh', 'client_secret=     abcdefgh'],
    ['client_secret: abcdefg', 'client_secret: abcdefg'],
    ['my_client_secret: abcdefgh', 'my_client_secret: abcdefgh'],
    ['api.key: abcdefgh', 'api.key: abcdefgh'],
    ['client_secret abcdefgh', 'client_secret abcdefgh'],
  ])('%s', (text, expected) => {
    expect(redacted(text)).toBe(expected);
  });

  test('no more than 4,096 characters of it are taken out, and no fewer', () => {
    const long = 'a'.repeat(4096);
    expect(redacted(`key=${long}b`)).toBe('key=Rb');
    expect(redacted(`id_token=${long}b`)).toBe('id_token=Rb');
    expect(redacted(`x-goog-api-key: ${long}b`)).toBe('x-goog-api-key: Rb');
    expect(redacted(`client_secret: ${long}b`)).toBe('client_secret: Rb');
  });
});

describe('projects and addresses', () => {
  test.each([
    ['projects/123456/x', 'projects/R/x'],
    ['project/123456', 'project/R'],
    ['name%3Dprojects%2F123456', 'name%3Dprojects%2FR'],
    ['name%2fprojects/123456', 'name%2fprojects/R'],
    ['%2xprojects/123456', '%2xprojects/123456'],
    ['projects%2F123456', 'projects%2FR'],
    ['project 123456.', 'project R.'],
    ['project_123456', 'project_R'],
    ['project number 123456', 'project number R'],
    ['project_id=123456', 'project_id=R'],
    ['project id: 123456', 'project id: R'],
    ['projectnumber:  #123456', 'projectnumber:  #R'],
    ['project #123456', 'project #R'],
    ['project  =  123456', 'project  =  R'],
    ['project    =123456', 'project    =123456'],
    ['projects/12345', 'projects/12345'],
    ['projects/123456789012345678901', 'projects/123456789012345678901'],
    ['projects/123456a', 'projects/123456a'],
    ['subproject 123456', 'subproject 123456'],
    ['project-123456', 'project-123456'],
    ['project_number:1234', 'project_number:R'],
    ['"project_number": "1234"', '"project_number": "R"'],
    ['\\"project_number\\": \\"1234\\"', '\\"project_number\\": \\"R\\"'],
    ["'project_number' = '1234'", "'project_number' = 'R'"],
    ['project_number  :  1234', 'project_number  :  R'],
    ['project_number   :1234', 'project_number   :1234'],
    ['project_number:   1234', 'project_number:   1234'],
    ['project_number: 123', 'project_number: 123'],
    ['"callerIp": "203.0.113.9"', '"callerIp": "R"'],
    ['caller_ip=2001:db8::1 x', 'caller_ip=R x'],
    ["'callerip' => '1.2.3.4'", "'callerip' => 'R'"],
    ['\\"callerIp\\":\\"1.2.3.4\\"', '\\"callerIp\\":\\"R\\"'],
    ['callerIp    :    1.2', 'callerIp    :    R'],
    ['callerIp     :1.2', 'callerIp     :1.2'],
    ['callerIp:     1.2', 'callerIp:     1.2'],
    ['callerIp: 1.', 'callerIp: 1.'],
    ['mycallerIp: 1.2.3.4', 'mycallerIp: 1.2.3.4'],
    ['The originating IP address of the call (1.2) violates', 'The originating IP address of the call (R) violates'],
    ['The originating IP address of the call (1.', 'The originating IP address of the call (1.'],
    ['xoriginating ip address of the call (1.2.3.4)', 'xoriginating ip address of the call (1.2.3.4)'],
  ])('%s', (text, expected) => {
    expect(redacted(text)).toBe(expected);
  });
});

describe('what stands right behind a secret', () => {
  const pair = 'project_number:1234callerip:1.2.3.4';
  const TOKEN = 'ya29.abc';

  test('is looked at again, once it is gone', () => {
    expect(redacted(`callerIp: 10.0.0.1${TOKEN}`)).toBe('callerIp: RR');
    expect(redacted(`${pair.repeat(4)}${TOKEN}`)).toBe(`${'project_number:Rcallerip:R'.repeat(4)}R`);
  });

  test('is not told at all where one hides the next without end', () => {
    expect(redacted(`${pair.repeat(5)}${TOKEN}`)).toBe('R');
    expect(redacted(`${pair.repeat(500)}${TOKEN}`)).toBe('R');
  });
});

describe('secrets that are known', () => {
  test('are taken out in every place, from eight characters on', () => {
    expect(redact('12345678 and 12345678', ['12345678'])).toBe('[redacted] and [redacted]');
    expect(redact('1234567', ['1234567'])).toBe('1234567');
    expect(redact('one-secret two-secret', ['one-secret', 'two-secret'])).toBe('[redacted] [redacted]');
    expect(redact('Stryker was here')).toBe('Stryker was here');
  });

  test('also in base64 behind one, two or no bytes, in either alphabet', () => {
    const secret = '\u00fb\u00ff\u00fe>>>???~~~secret';
    for (const before of ['', 'a', 'ab']) {
      for (const after of ['', 'x', 'xy']) {
        const bytes = Buffer.from(`${before}${secret}${after}`);
        for (const encoded of [bytes.toString('base64'), bytes.toString('base64url')]) {
          const rest = redact(encoded, [secret]);
          expect(rest).toContain('[redacted]');
          // What is left are the letters that hold bits of its neighbours, and of three letters at each end.
          expect(rest.replace('[redacted]', '').length).toBeLessThanOrEqual(12);
        }
      }
    }
  });

  test('escaped once, twice and three times, as JSON in JSON is', () => {
    const secret = 'a"b\\c/d-long';
    let form = secret;
    for (let level = 0; level < 4; level++) {
      expect(redact(`<${form}>`, [secret])).toBe('<[redacted]>');
      form = JSON.stringify(form).slice(1, -1);
    }
  });

  test('the longest form first, so that nothing of it is left', () => {
    // Escaped it contains itself, behind a backslash.
    expect(redact('<\\"abcdefgh>', ['"abcdefgh'])).toBe('<[redacted]>');
  });

  test('and no text that is only a part of one', () => {
    const part = Buffer.from('defghijklmno').toString('base64');
    expect(redact(part, ['abcdefghijklmno'])).toBe(part);
    expect(redact('defghijklmno', ['abcdefghijklmno'])).toBe('defghijklmno');
  });

  test('even where a lone half of a letter has no form in a URL', () => {
    expect(redact('x secret-\ud800 y', ['secret-\ud800'])).toBe('x [redacted] y');
    expect(redact('nothing undefined here', ['secret-\ud800'])).toBe('nothing undefined here');
  });
});

describe('a clean text', () => {
  test.each([
    ['\u001b]0;title\u0007a', 'a'],
    ['\u001b]0;title\u001b\\a', 'a'],
    ['\u009d0;title\u009ca', 'a'],
    ['\u001b]0;title without an end', ''],
    [`\u001b]${'x'.repeat(2049)}`, 'x'],
    ['\u001b[31ma\u001b[0m', 'a'],
    ['\u009b31ma', 'a'],
    ['\u001b[?25la', 'a'],
    ['\u001b[1 qa', 'a'],
    ['\u001b[31', ''],
    ['\u001bMa\u001b_b\u001b^c\u001b\\d', 'abcd'],
    ['a\u001bb', 'ab'],
    [`\u001b[${'1'.repeat(65)}m`, '1m'],
    ['a\r\n\tb', 'a b'],
    ['a\u2028b\u2029c\u0085d\u007fe', 'a b c d e'],
    ['a\u200bb\u202ec\u2066d\ufeffe\u061cf\u2060g', 'abcdefg'],
    ['  a  b  ', 'a  b'],
  ])('%j', (text, expected) => {
    expect(clean(text)).toBe(expected);
  });

  test('is found in the first four times as many characters as it may have', () => {
    expect(clean(`${'\u200b'.repeat(12)}abcdef`, 4)).toBe('abcd');
    expect(clean(`${'\u200b'.repeat(15)}abcdef`, 4)).toBe('a');
    expect(clean(`${'\u200b'.repeat(16)}abcdef`, 4)).toBe('');
  });
});
