/**
 * One thing a process, whatever number of copies of this package it loads: ESM and CommonJS, or two versions.
 * @param name kept for ever, since other versions look for it
 */
export function shared<T extends object>(name: string, make: () => T): T {
  const key = Symbol.for(`gemini-guard.${name}`);
  const registry = globalThis as unknown as Record<symbol, T | undefined>;
  const known = registry[key];
  if (known) return known;
  const made = make();
  registry[key] = made;
  return made;
}
