import type { AlertEvent } from './alert.ts';
import type { AlertHook } from './alert-options.ts';

/** Hands alerts to the hooks of a user: whatever those do, nothing else notices. */
export class AlertHooks {
  readonly #hooks: readonly AlertHook[];
  readonly #failing: () => void;
  #failed = 0;

  /** @param failing called whenever a hook has not delivered an alert */
  constructor(hooks: readonly AlertHook[], failing: () => void) {
    this.#hooks = hooks;
    this.#failing = failing;
  }

  tell(alert: AlertEvent): void {
    for (const hook of this.#hooks) {
      try {
        // Each gets a record of its own: one that changes it must not change what the next is told.
        Promise.resolve(hook({ ...alert })).then((told) => told === false && this.#fail(), this.#fail);
      } catch {
        this.#fail();
      }
    }
  }

  status(): { failed: number; hooks: unknown[] } {
    return { failed: this.#failed, hooks: this.#hooks.map(statusOf) };
  }

  async close(): Promise<void> {
    await Promise.all(this.#hooks.map(closed));
  }

  readonly #fail = (): void => {
    this.#failed++;
    this.#failing();
  };
}

function statusOf(hook: AlertHook): unknown {
  try {
    return hook.status?.() ?? null;
  } catch {
    return null;
  }
}

async function closed(hook: AlertHook): Promise<void> {
  try {
    await hook.close?.();
  } catch {
    // The hook's own problem.
  }
}
