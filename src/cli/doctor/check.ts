import { isGeminiError } from '../../errors/gemini-error.ts';
import { KINDS, type Kind } from '../../errors/kinds.ts';
import { understand } from '../../errors/understand.ts';
import { link } from '../own-package.ts';

export type CheckStatus = 'ok' | 'warning' | 'failed' | 'skipped';

/** What one check came to. No value of the environment, no text of Google's. */
export interface Check {
  readonly name: string;
  readonly status: CheckStatus;
  readonly message: string;
  readonly kind?: Kind;
  readonly cause?: string;
  readonly cure?: string;
  readonly link?: string;
  /** How long it took, where that says something. */
  readonly ms?: number;
  /** The quota that a 429 named. */
  readonly quotaId?: string;
}

/** How the doctor looks at one machine. */
export interface Visit {
  readonly env: NodeJS.ProcessEnv;
  readonly now: () => number;
  readonly model: string;
  readonly timeoutMs: number;
}

export function ok(name: string, message: string, ms?: number): Check {
  return { name, status: 'ok', message, ...(ms === undefined ? {} : { ms: Math.round(ms) }) };
}

export function skipped(name: string, message: string): Check {
  return { name, status: 'skipped', message };
}

export function warning(name: string, message: string, cure: string): Check {
  return { name, status: 'warning', message, cure };
}

export function failed(name: string, message: string, cure: string): Check {
  return { name, status: 'failed', message, cure };
}

/** A failure with cause and cure out of the table of kinds. A quota of this minute passes: key and model are good. */
export function failedBy(name: string, error: unknown, message?: string): Check {
  const { kind, upstream } = isGeminiError(error) ? error : understand(error);
  const { cause, cure } = KINDS[kind];
  const said = [upstream?.status, upstream?.code, upstream?.reason].filter((word) => word !== undefined);
  const quotaId = upstream?.quota?.id;
  return {
    name,
    status: kind === 'rate_limited' ? 'warning' : 'failed',
    message: message ?? ([...new Set(said)].join(' ') || kind),
    kind,
    cause,
    cure,
    link: link(kind),
    ...(quotaId === undefined ? {} : { quotaId }),
  };
}

/** Kinds of which the cause lies on the way to Google: nothing is known of key and model then. */
const WAY: ReadonlySet<Kind> = new Set([
  'network_error',
  'tls_error',
  'ip_blocked',
  'invalid_response',
  'upstream_timeout',
  'guard_timeout',
]);

export function isUnreachable({ status, kind }: Check): boolean {
  return status === 'failed' && kind !== undefined && WAY.has(kind);
}
