import { readFile } from 'node:fs/promises';
import { CODES, type Code } from '../errors/kinds.ts';
import { readJson } from '../errors/read-json.ts';
import { readText } from '../errors/safe.ts';
import { COMMON, type Common, readArguments } from './arguments.ts';
import { ambiguous, explanationOf } from './explanation.ts';
import { ambiguousText, explanationText } from './explanation-text.ts';
import { understandLine } from './log-line.ts';
import { painter } from './screen.ts';
import { type Console, type ExitCode, Usage } from './terminal.ts';

export const EXPLAIN_HELP = `gemini-guard explain '{"error":{"code":429,"status":"RESOURCE_EXHAUSTED"}}'
gemini-guard explain --file error.txt
tail -1 app.log | gemini-guard explain --json

Says what an error of Gemini's means, who must act, what cures it, and whether a retry helps. Takes any
text: the body of an answer, the message of an exception, a whole line of a log (winston, pino, console,
with times and prefixes). Needs no network. Nothing of the text is printed again.

  --file <path>   read the text from a file
  --json          print one JSON object
  --no-color      plain text, as with NO_COLOR or where the output is no terminal
  --help          this

Exit codes: 0 explained, 1 nothing known fits, 2 wrong usage.`;

interface Options extends Common {
  file?: string;
}

/** What follows says nothing new, and a whole log by mistake should not fill the memory. */
const MOST = 1024 * 1024;

export async function runExplain(args: readonly string[], terminal: Console): Promise<ExitCode> {
  const { options, words } = readArguments<Options>('explain', args, { ...COMMON, file: 'text' });
  const print = (text: string): void => void terminal.stdout.write(`${text}\n`);
  if (options.help) {
    print(EXPLAIN_HELP);
    return 0;
  }
  const text = await input(options, words, terminal.stdin);
  if (text.trim() === '') throw new Usage('explain: the text is empty. Try --help.');
  const paint = painter(terminal.stdout, !options['no-color'], terminal.env);
  const answer = answerOfGuard(text);
  if (answer !== undefined) {
    const found = ambiguous(answer.code, answer.requestId);
    print(options.json ? JSON.stringify(found) : ambiguousText(found, paint));
    return 0;
  }
  const found = explanationOf(understandLine(text), Date.now());
  print(options.json ? JSON.stringify(found) : explanationText(found, paint));
  return found.kind === 'unknown' ? 1 : 0;
}

async function input({ file }: Options, words: readonly string[], stdin: Console['stdin']): Promise<string> {
  if (file !== undefined && words.length > 0) throw new Usage('explain: takes either a text or --file, not both.');
  if (words.length > 0) return words.join(' ');
  if (file !== undefined) {
    try {
      return (await readFile(file)).subarray(0, MOST).toString();
    } catch (error) {
      throw new Usage(`explain: the file cannot be read (${(error as NodeJS.ErrnoException).code}).`);
    }
  }
  if (stdin.isTTY) throw new Usage("explain: needs a text: explain '<text>', explain --file <path>, or ... | explain.");
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stdin) {
    if (size < MOST) chunks.push(Buffer.from(chunk));
    size += chunk.length;
  }
  return Buffer.concat(chunks).subarray(0, MOST).toString();
}

/** A problem that a guard answered without `expose`. */
function answerOfGuard(text: string): { code: Code; requestId: string | undefined } | undefined {
  const body = readJson(text);
  const code = readText(body, 'code', 40) ?? '';
  const ours = /^urn:gemini-guard:/.test(readText(body, 'type', 64) ?? '') && Object.hasOwn(CODES, code);
  if (!ours || readText(body, 'kind') !== undefined) return undefined;
  const id = readText(body, 'requestId', 100);
  // Ours has a form; whatever else stands there is nobody's business.
  return { code: code as Code, requestId: id !== undefined && /^[\w.:-]{1,100}$/.test(id) ? id : undefined };
}
