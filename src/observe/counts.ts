import type { EventName, GuardEvents } from './events.ts';
import { isSpared } from './shadow.ts';

/** Numbers since the guard was made. */
export class Counts {
  requests = 0;
  attempts = 0;
  retries = 0;
  /** Failures that came after their request had been answered. */
  late = 0;
  /** Requests by code: `ok`, `app_error`, or the public code of their failure. */
  readonly codes: Record<string, number> = {};
  /** By event: what would have been refused or held back, were it enforced. */
  readonly shadow: { [E in EventName]?: number } = {};

  observe<E extends EventName>(event: E, data: GuardEvents[E]): void {
    if (isSpared(event, data)) this.shadow[event] = (this.shadow[event] ?? 0) + 1;
    else if (event === 'attempt') this.attempts++;
    else if (event === 'retry') this.retries++;
    else if (event === 'late') this.late++;
    else if (event === 'answer') {
      this.requests++;
      const { code } = data as GuardEvents['answer'];
      this.codes[code] = (this.codes[code] ?? 0) + 1;
    }
  }
}
