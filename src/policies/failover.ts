import { type Call, isGeneration, remainingMs } from '../call.ts';
import { type GeminiError, isGeminiError } from '../errors/gemini-error.ts';
import { KINDS } from '../errors/kinds.ts';
import { either, type Rule, readOptions } from '../options.ts';
import type { Part } from '../part.ts';
import type { Next } from '../policy.ts';
import { isModelName, type Windows } from './models.ts';
import { Switches } from './switches.ts';
import { canTake, helpful, otherWays, type Way } from './ways.ts';

export interface FailoverOptions {
  /**
   * Models that answer in place of the one that was asked for, the first that can. They get the same request: mind what one
   * of them refuses, such as a thinking level.
   * @default none another model is another quality at another price
   */
  models?: string[];
  /**
   * Regions of Vertex that are called in place of the client's own, before other models.
   * @default none data may have to stay where it is
   */
  regions?: string[];
}

/**
 * Lets another region or model answer while the one that is asked for cannot; the log line names both. Each of them has its
 * own attempts, since `retry` stands inside, and the deadline is one for all.
 * @param windows context windows that the user knows better
 */
export function failoverPart(options?: FailoverOptions, windows: Windows = {}): Part {
  const { models, regions } = readOptions(
    'failover',
    options,
    {
      models: list("model names without `models/`, such as ['gemini-3.5-flash-lite']", isModelName),
      regions: list("regions of Vertex, such as ['europe-west4', 'global']", isRegionName),
    },
    { models: [] as string[], regions: [] as string[] },
  );
  if (models.length + regions.length === 0) {
    throw new TypeError("failover: `models` or `regions` must be given: { models: ['gemini-3.5-flash-lite'] }.");
  }
  const switches = new Switches();

  async function failover<T>(asked: Call, next: Next<T>): Promise<T> {
    const others = isMovable(asked) ? otherWays(asked, regions, models).filter((way) => canTake(way, windows)) : [];
    if (others.length === 0) return next(asked);
    const turn = switches.begin(asked, others);
    let left = turn.ways;
    let ownError: unknown;
    try {
      for (;;) {
        const [way, ...rest] = left as [Way, ...Way[]];
        try {
          const call = turn.isProbe && way.isAsked ? once(asked) : way.call;
          const result = await next(rest.length > 0 ? { ...call, hasStandIn: true } : call);
          turn.served(way);
          return result;
        } catch (error) {
          if (!isGeminiError(error)) throw error;
          if (way.isAsked) ownError = error;
          // Who only looks whether it has recovered would have been answered otherwise.
          left = turn.isProbe && way.isAsked && error.retryable ? rest : helpful(rest, error, way, windows);
          turn.failed(way, error);
          if (left.length === 0 || isOver(asked)) throw isFinal(error) ? error : (ownError ?? error);
        }
      }
    } finally {
      turn.end();
    }
  }
  return { name: 'failover', policy: failover, status: (clock) => ({ switched: switches.status(clock) }) };
}

/** Not what is bound to its model or project (files, caches, vectors), nor what can be sent once only. */
function isMovable(call: Call): boolean {
  return call.isMovable && isGeneration(call) && call.repeat === 'always' && !call.prompt.isBound;
}

/** A probe has no second attempt: its visitor waits, and somebody else answers as well. */
function once(call: Call): Call {
  return { ...call, isProbe: true };
}

function isOver(call: Call): boolean {
  return call.signal.aborted || remainingMs(call) <= 0;
}

/** Nobody waits any more, or a model has refused to answer. Of all other failures the operator must see the asked model's. */
function isFinal({ source, kind }: GeminiError): boolean {
  const { code } = KINDS[kind];
  return source === 'caller' || code === 'blocked' || code === 'truncated';
}

function list(what: string, isOne: (value: unknown) => boolean): Rule {
  return either(
    `an array of different ${what}`,
    (value) => Array.isArray(value) && new Set(value).size === value.length && value.every(isOne),
  );
}

/** `us-central1`, `global`, `eu`. */
function isRegionName(value: unknown): boolean {
  return typeof value === 'string' && /^[a-z]+(?:-[a-z]+\d+)?$/.test(value);
}
