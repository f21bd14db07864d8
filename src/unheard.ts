/**
 * A promise that somebody else's code returned where none was expected: its rejection must not end the process. Told by
 * shape, since a promise of another realm is no instance of ours.
 * @param rejected called if it rejects
 * @returns whether it was a promise
 */
export function unheard(value: unknown, rejected: () => void = () => {}): boolean {
  const isPromise = typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
  if (isPromise) Promise.resolve(value).catch(rejected);
  return isPromise;
}
