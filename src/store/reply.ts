import type { GateVerdict, Hurdle, Limits, Place, Refusal } from './store.ts';

/** The answer of the reserve script: the place or its refusal, and what the ledger looks like. */
export interface Reply {
  readonly answer: Place | Refusal;
  /** The time of Redis, ms since 1970. */
  readonly now: number;
  readonly gateMs: number;
  readonly verdict: GateVerdict | undefined;
  /** When Redis had heard of this process last, as far as it remembers; 0 if it does not. */
  readonly heardAt: number;
  /** Requests of the day that it had heard of from this process. */
  readonly heardToday: number;
  readonly limits: Limits;
  /** Of the window that ends now. */
  readonly used: Counted;
  /** Promised places included. */
  readonly sum: Counted;
  readonly last: number;
  readonly today: number;
  readonly dayEnds: number;
}

export interface Counted {
  readonly requests: number;
  readonly tokens: number;
}

/** @throws TypeError when it is none: then whatever answers is no Redis that can be used. */
export function readReply(reply: unknown, tokens: number): Reply {
  if (!Array.isArray(reply) || reply.length !== 19) throw new TypeError('no answer of the reserve script');
  // Some clients map strings to buffers.
  const [taken, why, wait, at, limit, now, ends, gate, verdict, mark, rpm, tpm, rpd, ...counts] = reply.map(String);
  const [requests, usedTokens, sumRequests, sumTokens, last, today] = counts.map(Number) as Six;
  const dayEnds = Number(ends);
  const heard = (mark as string).split(' ').map(Number);
  const gateMs = Number(gate);
  const closed = verdict ? (JSON.parse(verdict) as GateVerdict) : undefined;
  return {
    answer:
      taken === 'yes'
        ? { taken: true, waitMs: Number(wait), why: why as Hurdle, slice: Number(at), tokens, dayEnds }
        : {
            taken: false,
            waitMs: numberOf(wait),
            why: why as Hurdle,
            ...(limit ? { limit: Number(limit) } : {}),
            ...(why === 'gate' && closed ? { verdict: closed } : {}),
          },
    now: Number(now),
    gateMs,
    verdict: closed,
    heardAt: heard[0] ?? 0,
    heardToday: heard[1] ?? 0,
    limits: { ...(rpm ? { rpm: +rpm } : {}), ...(tpm ? { tpm: +tpm } : {}), ...(rpd ? { rpd: +rpd } : {}) },
    used: { requests, tokens: usedTokens },
    sum: { requests: sumRequests, tokens: sumTokens },
    last,
    today,
    dayEnds,
  };
}

type Six = [number, number, number, number, number, number];

/** Lua has no word for Infinity that all clients pass on. */
function numberOf(text: string | undefined): number {
  return text ? Number(text) : Number.POSITIVE_INFINITY;
}
