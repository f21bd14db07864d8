/**
 * Whether V8 gives each request of Express a shape of its own. Express changes the prototype of each request and each response;
 * before V8 13 (Node 24) no way leads from such a shape to the next, so that whatever is put on the object later makes a new
 * shape for this one request: 1 kB each, and code that reads the request never finds what it has learned.
 */
const IS_NEEDED = Number.parseInt(process.versions.v8 ?? '', 10) < 13;

/**
 * Makes hash tables of both: those have one shape, whatever is put on them. A tenth of what a bare route costs is saved by it in
 * everything that comes behind the guard.
 */
export function giveOneShape(req: object, res: object): void {
  if (!IS_NEEDED) return;
  putAgain(req, 'res');
  putAgain(res, 'req');
}

/** Express lets each know the other by a plain property. Taking away one that is not the latest is what makes a hash table. */
function putAgain(object: object, name: string): void {
  const known = Object.getOwnPropertyDescriptor(object, name);
  if (known?.configurable && Reflect.deleteProperty(object, name)) Object.defineProperty(object, name, known);
}
