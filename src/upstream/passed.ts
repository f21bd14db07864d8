/** On the `init` of each call that a guard sends; registered, because both builds of this package may be loaded. */
const PASSED = Symbol.for('gemini-guard.passed');

/** Marks a call that has passed a guard, so that a global fetch that is guarded too lets it through. */
export function asPassed(init: RequestInit): RequestInit {
  return Object.assign(init, { [PASSED]: true });
}

export function hasPassed(init: RequestInit | undefined): boolean {
  return init !== undefined && PASSED in init;
}
