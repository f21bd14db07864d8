/**
 * A class to extend that has the prototype of another, so that `instanceof` holds, and not its constructor: those of
 * Response and Headers cost more than all policies together. Whatever reads private fields must be overridden.
 */
export function unbuilt<T extends object>(built: { readonly prototype: T }): new () => T {
  function Unbuilt(): void {}
  Unbuilt.prototype = built.prototype;
  return Unbuilt as unknown as new () => T;
}
