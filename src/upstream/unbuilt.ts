/**
 * A class to extend that has the prototype of another, so that `instanceof` holds, and not its constructor: those of
 * Response and Headers cost more than all policies together. Whatever reads private fields must be overridden.
 * @param built asked for with the first object: Node loads all of its fetch where its Response is merely named, a third of
 * what importing this package would cost
 */
export function unbuilt<T extends object>(built: () => { readonly prototype: T }): new () => T {
  let isLinked = false;
  function Unbuilt(): void {
    if (isLinked) return;
    isLinked = true;
    Object.setPrototypeOf(Unbuilt.prototype, built().prototype);
  }
  return Unbuilt as unknown as new () => T;
}
