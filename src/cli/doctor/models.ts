/** When Google ends a model, as its pages said when this was written: the list of models does not tell. */
interface Retirement {
  readonly pattern: RegExp;
  readonly ends: string;
  readonly successor: string;
}

/** ai.google.dev/gemini-api/docs/deprecations, read 2026-11-10; Firebase's page for 2.0. */
export const READ_ON = '2026-11-10';

const RETIREMENTS: readonly Retirement[] = [
  { pattern: /^gemini-2\.5-pro(?:-\d{3})?$/, ends: '2026-12-01', successor: 'gemini-3.8-flash' },
  { pattern: /^gemini-2\.5-flash(?:-\d{3})?$/, ends: '2026-12-01', successor: 'gemini-3.5-flash-lite' },
  { pattern: /^gemini-2\.0-/, ends: '2026-06-01', successor: 'gemini-3.8-flash' },
];

/** The day on which a model ends, and what replaces it; undefined where no end is known. */
export function retirementOf(model: string): { endsAt: number; ends: string; successor: string } | undefined {
  const found = RETIREMENTS.find(({ pattern }) => pattern.test(model));
  if (found === undefined) return undefined;
  return { endsAt: Date.parse(`${found.ends}T00:00:00Z`), ends: found.ends, successor: found.successor };
}
