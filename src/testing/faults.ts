import * as bodies from './body-faults.ts';
import * as connections from './connection-faults.ts';
import * as errors from './error-faults.ts';
import * as inBand from './in-band-faults.ts';
import * as quotas from './quota-faults.ts';
import * as streams from './stream-faults.ts';

type Faults = typeof quotas & typeof errors & typeof bodies & typeof connections & typeof inBand & typeof streams;

/**
 * Everything that Gemini, or the way to it, can do wrong. Each builder returns a `Reply` for `script()` or `always()`.
 * @example gemini.script([fault.overloaded(), fault.reset(), fault.streamCutAfter(2)])
 */
export const fault: Readonly<Faults> = {
  ...quotas,
  ...errors,
  ...bodies,
  ...connections,
  ...inBand,
  ...streams,
};
