import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../cli/built.ts';

const plain = (text: string): string =>
  text
    .replaceAll(/<!--.*?-->/gs, ' ')
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/\s+/g, ' ');
const README = plain(readFileSync(join(ROOT, 'README.md'), 'utf8'));
const claims = [
  ...readFileSync(join(ROOT, 'docs/claims.md'), 'utf8').matchAll(/^\| (?!The README|---)(.*?) \| (.*?) \|$/gm),
].map(([, says = '', shown = '']) => ({ says, files: shown.split(', ') }));

test.each(claims)('«$says» stands in the README, and what shows it is there', ({ says, files }) => {
  expect(README).toContain(says);
  expect(files.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
});

test('every number in the prose of the README is among the claims', () => {
  const prose = readFileSync(join(ROOT, 'README.md'), 'utf8')
    .replaceAll(/<!--.*?-->/gs, ' ')
    .replaceAll(/^```.*?^```$/gms, ' ')
    .replaceAll(/^\|.*$/gm, ' ')
    .replaceAll(/^<.*$/gm, ' ');
  const sentences = plain(prose).split(/(?<=[.:;?]) /);
  const told = sentences.filter((sentence) => /\d/.test(sentence));
  expect(
    told.filter((sentence) => !claims.some(({ says }) => sentence.includes(says) || says.includes(sentence.trim()))),
  ).toEqual([]);
});
