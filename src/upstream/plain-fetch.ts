/** Node says where its own fetch comes from; whatever wraps it, or a bound or proxied one, does not. Node 20 to 26. */
const NODES_OWN = /^function fetch\(input, init = undefined\) \{[^}]*require\('internal\/deps\/undici\/undici'\)/;

let fetchSeen: unknown;
let isNodes = false;

/**
 * Whether the global fetch is Node's own, with nothing behind it that somebody has set up: only then another transport
 * does the same. Patched by tests (msw, nock), by instrumentation, or by a dispatcher that is set globally, it must be used.
 */
export function isPlainFetch(): boolean {
  return isNodesFetch() && isPlainDispatcher([(globalThis as Registry)[NEWER], (globalThis as Registry)[OLDER]]);
}

/** Whether the global fetch is Node's own, whatever it sends by. */
export function isNodesFetch(): boolean {
  const { fetch } = globalThis;
  if (fetch !== fetchSeen) {
    fetchSeen = fetch;
    isNodes = NODES_OWN.test(Function.prototype.toString.call(fetch));
  }
  return isNodes;
}

type Registry = { [key: symbol]: object | undefined };

/** Where undici keeps the dispatcher that was set globally: up to 7, and since 8. */
const OLDER = Symbol.for('undici.globalDispatcher.1');
const NEWER = Symbol.for('undici.globalDispatcher.2');

const plain = new WeakMap<object, boolean>();

/** There is none before the first fetch; from then on there is an Agent, which must be one that nobody has configured. */
export function isPlainDispatcher(dispatchers: readonly (object | undefined)[]): boolean {
  for (const dispatcher of dispatchers) {
    if (!dispatcher) continue;
    let known = plain.get(dispatcher);
    if (known === undefined) {
      known = isBareAgent(dispatcher);
      plain.set(dispatcher, known);
    }
    return known;
  }
  return true;
}

function isBareAgent(agent: object): boolean {
  const { dispatch } = agent as { dispatch?: unknown };
  const prototype: unknown = Object.getPrototypeOf(agent);
  // `compose` makes a proxy with another `dispatch`.
  if (agent.constructor.name !== 'Agent' || dispatch !== (prototype as { dispatch?: unknown }).dispatch) return false;
  const options = optionOf(agent, 'options');
  const isBare = Object.values(options ?? { unknown: true }).every(
    (value) => value === undefined || value === Infinity,
  );
  return isBare && (optionOf(agent, 'factory') as { name?: unknown } | undefined)?.name === 'defaultFactory';
}

function optionOf(agent: object, name: string): object | undefined {
  const key = Object.getOwnPropertySymbols(agent).find(({ description }) => description === name);
  return key && (agent as Registry)[key];
}
