import { isHtml, plain, ruleText } from '../../src/errors/plain-text.ts';
import { MAX_TEXT } from '../../src/errors/safe.ts';

const ESC = '\u001b';

describe('a text as a person would read it', () => {
  test.each([
    // Escapes, however many levels of them.
    ['limit\\nper\\\\\\nday\\tof\\rx', 'limit per day of x'],
    ['say \\"no\\" to \\\\\\"it\\\\\\"', 'say "no" to "it"'],
    ["it\\'s a \\/ \\`x \\<y\\>", "it's a / x <y>"],
    ['\\u0022a\\u0027 b', '"a" b'],
    ['a\\u003cb\\u003E\\u0026\\u003dc', 'a b c'],
    ['C:\\\\Users', 'C:\\Users'],
    // Forums, terminals and Markdown.
    ['\u2018a\u2019 \u201ab\u201b', "'a' 'b'"],
    ['\u201ca\u201d \u201eb\u201f', '"a" "b"'],
    ['the `model` and ```x```', 'the model and x'],
    [`${ESC}[31mred${ESC}[0m ${ESC}[1;32mgreen${ESC}[m ${ESC}[Kx`, 'red green x'],
    ['a\u2500b\u259fc\u00a0d', 'a b c d'],
    ['  a \n\t b  ', 'a b'],
    // Stack frames.
    ['Error: x\n    at f (/app/a.js:1:2)\n  at async g\n\tat h\nb', 'Error: x b'],
    ['failed\nat the door, and\nat  y', 'failed'],
    ['met at noon', 'met at noon'],
    ['E at f (/app/a.js:1:2) at async Object.g.<anon> (file:///a.js) b', 'E b'],
    ['E at Foo.x [as bar] (node:internal/x) b', 'E b'],
    ['E at a b c (https://x/y.js) at http (http://x) b', 'E b'],
    ['E at f (webpack:///x) at g (C:\\app\\x.js) at h (\\x) b', 'E b'],
    ['E at f (see below) b', 'E at f (see below) b'],
    ['E at a b c d (/x) b', 'E at a b c d (/x) b'],
    ['at f (/x)', ''],
    ['E at f (/x)b', 'E b'],
    [`at ${'x'.repeat(401)}`, `at ${'x'.repeat(401)}`],
  ])('%j is %j', (text, read) => {
    expect(plain(text)).toBe(read);
  });

  test('is that of its first 64 KB', () => {
    expect(plain(`${' '.repeat(MAX_TEXT)}x`)).toBe('');
    expect(isHtml(`${' '.repeat(MAX_TEXT)}</html>`)).toBe(false);
  });
});

describe('a page', () => {
  test.each([
    '<!DOCTYPE html><p>x',
    '<html lang="en">x',
    '  \n<head>',
    '<body>',
    '<title>x',
    '<?xml version="1.0"?>',
    '<center>',
    '<h1>x',
    'x </html>',
    'x</body>',
    'x</title>',
    'x</head>',
  ])('is told by its tags: %j', (text) => expect(isHtml(text)).toBe(true));

  test.each(['', 'x', 'x <html>', '<htmlx>', '<p>x</p>', `${' '.repeat(65)}<html>`])('is no other text: %j', (text) => {
    expect(isHtml(text)).toBe(false);
  });

  test.each([
    ['<html><h1>Error 403</h1><p class="x">Forbidden.</p></html>', 'Error 403 Forbidden.'],
    ['<html><STYLE>a{b:c}<p>d</STYLE>x<script>let a</script>y</html>', 'x y'],
    ['<html><style>a<script>b</style>c</html>', 'c'],
    ['<html><style>a', ''],
    ['<html>a < style b</html>c', 'a style b c'],
    ['a > b <h1>c</h1></html>', 'a > b c'],
    ['<html>3 < 5 and <b>x</b></html>', '3 5 and x'],
    ['<html>a <!-- b > c</html>', 'a c'],
    ['<html>a<p b', 'a p b'],
    ['<html>a&nbsp;&amp;&LT;b&gt;&quot;&#39;&apos;&copy;c</html>', 'a b &copy;c'],
  ])('%j reads %j', (text, read) => {
    expect(plain(text)).toBe(read);
  });

  test('keeps the brackets of a text that is none', () => {
    expect(plain('value <b> & x')).toBe('value <b> & x');
  });
});

test('rules read lower case, without addresses and the names of close codes', () => {
  expect(ruleText('See HTTPS://x.y/billing?a=b, or "http://z" (ftp://a)')).toBe('see  , or " " ( )');
  expect(ruleText('closed: 1008 (policy violation) 1011 (Internal Error)')).toBe('closed: 1008 1011');
  expect(ruleText('code 2008 (policy violation), 1008 (x)')).toBe('code 2008 (policy violation), 1008 (x)');
});
