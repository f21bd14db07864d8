import { readFileSync } from 'node:fs';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { type GeminiError, isGeminiError } from '../../src/errors/gemini-error.ts';
import { isProblem } from '../../src/frontend/index.ts';
import { answer } from '../../src/http/answer.ts';
import type { AnswerOptions } from '../../src/part.ts';
import { costMs } from '../measure.ts';
import { CANARY_KEY } from '../support.ts';
import { TARGETS } from './targets.ts';

/** For 64 KB. In npm test other files run beside this one, which no number of tries makes up for; what is quadratic takes longer still. */
const MOST_MS = Number(process.env.FUZZ_MS ?? 100);
/** The best of so many tries counts. */
const TRIES = 20;

const schema = JSON.parse(readFileSync(join(__dirname, '../../schema/problem.schema.json'), 'utf8'));
const isValid = new Ajv2020().compile(schema);
const socket = new Socket();
const FORMS: readonly AnswerOptions[] = [
  { expose: false, statusMap: {}, format: 'problem' },
  { expose: true, statusMap: {}, format: 'problem' },
  { expose: false, statusMap: {}, format: 'google' },
];

/** What is wrong with how one target takes one text; undefined where nothing is. */
export function faultOf(target: string, text: string): { fault: string | undefined; ms: number } {
  let ms = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < TRIES && ms > MOST_MS; tries++) {
    try {
      let result: unknown;
      const take = (): void => {
        result = (TARGETS[target] as (text: string) => unknown)(text);
      };
      ms = Math.min(ms, costMs(take, 1));
      const fault = isGeminiError(result) ? faultOfError(result) : faultOfProblem(target, result);
      if (fault) return { fault, ms };
    } catch (error) {
      return { fault: `threw ${error instanceof Error ? error.stack : String(error)}`, ms: 0 };
    }
  }
  return { fault: ms > MOST_MS ? `took ${ms.toFixed(1)} ms for ${text.length} characters` : undefined, ms };
}

function faultOfProblem(target: string, result: unknown): string | undefined {
  if (!target.startsWith('toProblem')) return undefined;
  if (!isProblem(result)) return `made no problem, but ${JSON.stringify(result)}`;
  return undefined;
}

/** What a visitor would get of it, in each form. */
function faultOfError(error: GeminiError): string | undefined {
  for (const options of FORMS) {
    const req = new IncomingMessage(socket);
    const res = new ServerResponse(req);
    let words = '';
    res.end = ((chunk: string) => {
      words = chunk;
      return res;
    }) as never;
    answer(req, res, error, 'request-1', options);
    const what = `${error.kind} in the form ${JSON.stringify(options)}`;
    if (res.statusCode < 400 || res.statusCode > 599) return `${what} has the status ${res.statusCode}`;
    if (Buffer.byteLength(words) > 4096) return `${what} has ${Buffer.byteLength(words)} bytes`;
    const all = words + JSON.stringify(res.getHeaders()) + JSON.stringify(error);
    if (all.includes(CANARY_KEY)) return `${what} shows the key`;
    if (!options.expose && all.includes('CANARY')) return `${what} shows the prompt`;
    if (options.format === 'problem' && !isValid(JSON.parse(words)))
      return `${what}: ${JSON.stringify(isValid.errors)}`;
  }
  return undefined;
}
