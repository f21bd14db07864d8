import type { Kind } from '../errors/kinds.ts';
import type { AnswerEvent } from './events.ts';

export type Outcome = 'ok' | 'failed' | 'refused' | 'left' | 'app_error';

/** What the guard answers by itself without turning anybody away. */
const NO_REFUSALS: readonly (Kind | undefined)[] = ['guard_timeout', 'guard_misconfigured'];

/** What became of a request, and by whose act. */
export function outcomeOf({ code, kind, source }: Pick<AnswerEvent, 'code' | 'kind' | 'source'>): Outcome {
  if (code === 'ok' || code === 'app_error') return code;
  if (code === 'client_closed') return 'left';
  return source === 'guard' && !NO_REFUSALS.includes(kind) ? 'refused' : 'failed';
}
