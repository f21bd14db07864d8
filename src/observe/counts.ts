import type { EventName, GuardEvents } from './events.ts';

/** Numbers since the guard was made. */
export class Counts {
  requests = 0;
  attempts = 0;
  retries = 0;
  /** Failures that came after their request had been answered. */
  late = 0;
  /** Requests by code: `ok`, `app_error`, or the public code of their failure. */
  readonly codes: Record<string, number> = {};

  observe<E extends EventName>(event: E, data: GuardEvents[E]): void {
    if (event === 'attempt') this.attempts++;
    else if (event === 'retry') this.retries++;
    else if (event === 'late') this.late++;
    else if (event === 'answer') {
      this.requests++;
      const { code } = data as GuardEvents['answer'];
      this.codes[code] = (this.codes[code] ?? 0) + 1;
    }
  }
}
