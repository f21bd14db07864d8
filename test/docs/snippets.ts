import * as frontend from '../../src/frontend/index.ts';
import * as guard from '../../src/index.ts';
import * as status from '../../src/status/index.ts';
import * as testing from '../../src/testing/index.ts';

/** A block of code on a page of docs/, and what its invisible comments add before and after it. */
export interface Snippet {
  readonly line: number;
  readonly code: string;
  readonly before: string;
  readonly after: string | undefined;
}

const BLOCK = /(?:^<!-- before\n(.*?)-->\n)?^```js\n(.*?)^```$(?:\n<!-- after\n(.*?)-->)?/gms;

export function snippetsOf(page: string): Snippet[] {
  return [...page.matchAll(BLOCK)].map(({ 1: before = '', 2: code = '', 3: after, index }) => {
    return { line: page.slice(0, index).split('\n').length, code, before, after };
  });
}

const EXPORTS: readonly (readonly [string, readonly string[]])[] = [
  ['gemini-guard', Object.keys(guard)],
  ['gemini-guard/frontend', Object.keys(frontend)],
  ['gemini-guard/status', Object.keys(status)],
  ['gemini-guard/testing', Object.keys(testing)],
];

const ROUTE = `
app.post('/ask', async (req, res) => {
  const answer = await req.gemini.models.generateContent({ model: 'gemini-3.8-flash', contents: req.body.question });
  res.json({ text: answer.text });
});
`;

/**
 * A module that runs it: with the imports that it leaves out, with the guard mounted and the route that asks, where the
 * snippet shows neither, and a visitor who is answered in the end, unless its own end says otherwise.
 */
export function moduleOf({ code, before, after }: Snippet): string {
  const own = before + code;
  const all = own + (after ?? '');
  const lines = ["import assert from 'node:assert/strict';", "import { openStage } from '../../test/docs/stage.mjs';"];
  for (const [from, names] of EXPORTS) {
    const used = names.filter((name) => new RegExp(`\\b${name}\\b`).test(all) && !declares(own, name));
    if (
      !declares(own, 'guard') &&
      from === 'gemini-guard' &&
      !used.includes('geminiGuard') &&
      /\bguard\b/.test(all) &&
      !declares(own, 'geminiGuard')
    )
      used.push('geminiGuard');
    if (used.length > 0) lines.push(`import { ${used.join(', ')} } from '${from}';`);
  }
  const stage = ['app', 'upstream', 'ask', 'answered', 'listening', 'headers', 'body'].filter(
    (name) => !declares(own, name),
  );
  lines.push(`const stage = await openStage();`, `const { ${stage.join(', ')} } = stage;`);
  if (/\bguard\b/.test(all) && !declares(own, 'guard')) lines.push('const guard = geminiGuard({ log: false });');
  lines.push(before, code);
  if (/\bguard\b/.test(all) && !/app\.use\([^;]*\bguard\b/.test(own)) lines.push('app.use(guard);');
  if (!own.includes("'/ask'")) lines.push(ROUTE);
  lines.push(after ?? 'await answered();', 'await stage.close();');
  return lines.join('\n');
}

function declares(code: string, name: string): boolean {
  return new RegExp(`\\b(?:const|let|function|import)\\s(?:[^;=]*[{,]\\s*)?${name}\\b`).test(code);
}
