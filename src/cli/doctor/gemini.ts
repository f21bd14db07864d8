import type { GoogleGenAI } from '@google/genai';
import { isGeminiError } from '../../errors/gemini-error.ts';
import { timeout } from '../../index.ts';
import { loadPeer } from '../peer.ts';
import { type Check, failed, failedBy, ok, skipped, type Visit, warning } from './check.ts';
import { type EnvKey, usesVertex } from './environment.ts';
import { READ_ON, retirementOf } from './models.ts';

const DAY_MS = 86_400_000;

/** What Gemini says to one key, asked as an app asks: through the SDK, and through the seam of this package. */
export async function geminiChecks(
  base: URL,
  key: EnvKey | undefined,
  prefix: string,
  visit: Visit,
  call: boolean,
): Promise<Check[]> {
  const { env, model, timeoutMs } = visit;
  const guard = timeout({ totalMs: timeoutMs, attemptMs: timeoutMs });
  const vertex = usesVertex(env);
  const ai = clientOf(base, key, vertex, guard.fetch);
  const steps: [string, () => Promise<Check>][] = [
    [
      'models.list',
      async () => (vertex ? skipped('models.list', 'Vertex AI lists other models than can be called.') : listed(ai)),
    ],
    [
      'model',
      async () =>
        vertex
          ? (retirement(model, visit) ?? skipped('model', 'Vertex AI tells it with the first call.'))
          : found(ai, model, visit),
    ],
    ['countTokens', () => counted(ai, model)],
    ['call', async () => (call ? answered(ai, model) : skipped('call', 'Not asked for: --call spends one token.'))],
  ];
  const checks: Check[] = [];
  try {
    for (const [name, step] of steps) {
      const before = checks.find(({ status }) => status === 'failed');
      const check = before ? skipped(name, `Left out, because ${before.name} failed.`) : await tried(name, step);
      checks.push({ ...check, name: `${prefix}${check.name}` });
    }
  } finally {
    await guard.close({ graceMs: 0 });
  }
  return checks;
}

/** Which tier the project is in: no address tells it, only the quota that a 429 names. */
export function tierCheck(checks: readonly Check[]): Check {
  const id = checks.find(({ quotaId }) => quotaId !== undefined)?.quotaId;
  if (id === undefined) return skipped('tier', 'Unknown: only the quota in a 429 names it, and there was none.');
  const [, tier] = /(FreeTier|PaidTier\d?)/i.exec(id) ?? [];
  return ok('tier', tier === undefined ? `Not named by the quota ${id}.` : `${tier}, by the quota ${id}.`);
}

function clientOf(base: URL, key: EnvKey | undefined, vertexai: boolean, fetch: typeof globalThis.fetch): GoogleGenAI {
  const sdk = loadPeer('@google/genai', 'The doctor') as { GoogleGenAI: new (options: object) => GoogleGenAI };
  const baseUrl = base.href.replace(/\/$/, '');
  return new sdk.GoogleGenAI({ vertexai, ...(key && { apiKey: key.value }), httpOptions: { baseUrl, fetch } });
}

async function tried(name: string, step: () => Promise<Check>): Promise<Check> {
  try {
    return await step();
  } catch (error) {
    return failedBy(name, error);
  }
}

async function listed(ai: GoogleGenAI): Promise<Check> {
  const { page } = await ai.models.list({ config: { pageSize: 1000 } });
  return ok('models.list', `The key is good; it sees ${page.length === 1 ? 'one model' : `${page.length} models`}.`);
}

async function found(ai: GoogleGenAI, model: string, visit: Visit): Promise<Check> {
  const { supportedActions } = await ai.models.get({ model });
  if (supportedActions && !supportedActions.includes('generateContent')) {
    return failed('model', `${model} exists, but has no generateContent.`, 'Choose a model that has it.');
  }
  return retirement(model, visit) ?? ok('model', `${model} exists.`);
}

function retirement(model: string, { now }: Visit): Check | undefined {
  const end = retirementOf(model);
  if (end === undefined) return undefined;
  const cure = `Change to ${end.successor}. (Google's page on deprecations, read ${READ_ON}.)`;
  const days = Math.ceil((end.endsAt - now()) / DAY_MS);
  if (days > 0)
    return warning('model', `${model} ends on ${end.ends}, in ${days === 1 ? 'one day' : `${days} days`}.`, cure);
  return failed(
    'model',
    `${model} was shut down on ${end.ends}; what still answers is another model, at its price.`,
    cure,
  );
}

async function counted(ai: GoogleGenAI, model: string): Promise<Check> {
  const { totalTokens } = await ai.models.countTokens({ model, contents: 'Hello' });
  return ok('countTokens', `${model} counts ${totalTokens === 1 ? 'one token' : `${totalTokens ?? 'no'} tokens`}.`);
}

async function answered(ai: GoogleGenAI, model: string): Promise<Check> {
  try {
    await ai.models.generateContent({ model, contents: 'Hello', config: { maxOutputTokens: 1 } });
  } catch (error) {
    // One token may go into a thought: it was asked for no more.
    if (!isGeminiError(error) || error.kind !== 'truncated') throw error;
  }
  return ok('call', `${model} answers.`);
}
