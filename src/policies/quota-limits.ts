import type { Rule } from '../options.ts';

const NAMES = ['rpm', 'tpm', 'rpd'];

/** `{ model: { rpm, tpm, rpd } }`, each a whole number. */
export const limitsByModel: Rule = {
  expected:
    "an object of limits by model, each { rpm, tpm, rpd } in whole numbers, such as { 'gemini-3.8-flash': { rpm: 1000 } }",
  test: (value) => isRecord(value) && Object.values(value).every((limits) => isRecord(limits) && areLimits(limits)),
};

function areLimits(limits: Record<string, unknown>): boolean {
  return Object.entries(limits).every(
    ([name, value]) =>
      NAMES.includes(name) && (value === undefined || (Number.isSafeInteger(value) && (value as number) >= 0)),
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
