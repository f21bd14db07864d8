// Reads the members of an interface, with their doc comments, out of a source file.
import { readFileSync } from 'node:fs';

const SRC = new URL('../../src/', import.meta.url);

/** The interface as it is written: its own comment, and its members in order. */
export function interfaceOf(file, name) {
  const source = readFileSync(new URL(file, SRC), 'utf8');
  const found = new RegExp(`(?:/\\*\\*((?:(?!\\*/)[\\s\\S])*)\\*/\\n)?export interface ${name}\\b[^{]*\\{`).exec(
    source,
  );
  if (!found) throw new Error(`${file} has no interface ${name}`);
  const { text, tags } = commentOf(found[1] ?? '');
  return { text, tags, members: membersOf(bodyAt(source, found.index + found[0].length)) };
}

/** The members of what stands between two braces. */
export function membersOf(body) {
  const members = [];
  for (let at = 0; ; ) {
    const [all, comment = ''] = /^\s*(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/)?\s*/.exec(body.slice(at)) ?? [''];
    at += all.length;
    if (at >= body.length) return members;
    const end = endAt(body, at);
    const written = body.slice(at, end);
    const [, isReadonly, member = '', optional, rest = ''] = /^(readonly )?(\w*)(\??)([\s\S]*)$/.exec(written) ?? [];
    // What has no name is callable: no option.
    if (member !== '') {
      const type = rest.startsWith(':') ? rest.slice(1) : rest.replace(/\): ([\s\S]*)$/, ') => $1');
      members.push({
        name: member,
        isOptional: optional === '?',
        isReadonly: Boolean(isReadonly),
        type: oneLine(type),
        ...commentOf(comment),
      });
    }
    at = end + 1;
  }
}

/** What a comment says, and what its tags say. */
function commentOf(comment) {
  const lines = comment.split('\n').map((line) => line.replace(/^\s*\*? ?/, ''));
  const [text = '', ...tagged] = oneLine(lines.join('\n').replace(/\{@link ([^}]+)\}/g, '`$1`')).split(
    /(?:^| )(?=@\w+ )/,
  );
  const tags = tagged.map((tag) => /^@(\w+) (.*)$/.exec(tag)?.slice(1) ?? []);
  return {
    text: text.startsWith('@') ? '' : text,
    tags: text.startsWith('@') ? [/^@(\w+) (.*)$/.exec(text)?.slice(1) ?? [], ...tags] : tags,
  };
}

function oneLine(text) {
  return text.replace(/\s+/g, ' ').trim();
}

function bodyAt(source, start) {
  let depth = 1;
  for (let at = start; at < source.length; at++) {
    if (source[at] === '{') depth++;
    else if (source[at] === '}' && --depth === 0) return source.slice(start, at);
  }
  throw new Error('a brace is not closed');
}

/** Where the member ends: at a semicolon that stands in no bracket. */
function endAt(body, start) {
  let depth = 0;
  for (let at = start; at < body.length; at++) {
    if ('{(['.includes(body[at])) depth++;
    else if ('})]'.includes(body[at])) depth--;
    else if (body[at] === ';' && depth === 0) return at;
  }
  return body.length;
}
