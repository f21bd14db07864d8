import type { Clock, Timer } from '../clock.ts';
import { unheard } from '../unheard.ts';
import type { AlertEvent } from './alert.ts';
import type { AlertHook } from './alert-options.ts';

const CLOSING_MS = 1000;

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

  /** Waits for them a second at most. */
  async close(clock: Clock): Promise<void> {
    if (this.#hooks.length === 0) return;
    let timer: Timer;
    const isTimeUp = new Promise<void>((resolve) => {
      timer = clock.setTimeout(resolve, CLOSING_MS);
    });
    await Promise.race([Promise.all(this.#hooks.map(closed)), isTimeUp]);
    clock.clearTimeout(timer);
  }

  readonly #fail = (): void => {
    this.#failed++;
    this.#failing();
  };
}

function statusOf(hook: AlertHook): unknown {
  try {
    const status = hook.status?.();
    // What JSON cannot hold would keep the status of the whole guard from being sent.
    return status === undefined || unheard(status) ? null : JSON.parse(JSON.stringify(status));
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
