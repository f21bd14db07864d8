import { seeded } from '../seeded.ts';
import type { UpstreamSettings } from './upstream.ts';
import type { Visitor, WorldSettings } from './world.ts';

function pick<T>(random: () => number, ...choices: T[]): T {
  return choices[Math.floor(random() * choices.length)] as T;
}

/** A world out of a seed. */
export function worldOf(seed: number): [WorldSettings, () => number] {
  const random = seeded(seed);
  const rpm = 1 + Math.floor(random() * 12);
  const tpm = 1000 + Math.floor(random() * 4000);
  const limits = pick(random, { rpm }, { tpm }, { rpm, tpm });
  const processes = pick(random, 1, 1, 2, 4);
  const spreadMs = pick(random, 100, 5000, 60_000, 180_000);
  const upstream: UpstreamSettings = {
    limits,
    minute: pick<UpstreamSettings['minute']>(random, 'rolling', 'first', Math.floor(random() * 60_000)),
    names: random() < 0.8,
    hint: pick<UpstreamSettings['hint']>(random, 'good', 'good', 'good', 'none', 'tenth', 'huge'),
    failing: pick(random, 0, 0, 0.2, 0.9),
    latencyMs: () => 50 + random() * 3000,
    transitMs: () => 5 + random() * 100,
  };
  const visitors = Array.from({ length: 8 + Math.floor(random() * 24) }, (): Visitor => {
    const at = Math.floor(random() * spreadMs);
    return {
      at,
      process: Math.floor(random() * processes),
      project: pick(random, 'p0', 'p0', 'p1'),
      tokens: 10 + Math.floor(random() * random() * 900),
      leavesAt: random() < 0.15 ? at + random() * 40_000 : Infinity,
      deadlineMs: random() < 0.2 ? 1 + random() * 60_000 : Infinity,
    };
  });
  const settings: WorldSettings = {
    seed,
    processes,
    shares: random() < 0.6,
    attempts: pick(random, 1, 3),
    keys: pick(random, 0, 0, 1, 3),
    quota: {
      maxWaitMs: pick(random, 0, 30_000, 300_000),
      ...(random() < 0.6 ? { limits: { m: limits } } : {}),
      ...(random() < 0.1 ? { enforce: false } : {}),
    },
    upstream,
    visitors,
    strangers: random() < 0.3 ? Array.from({ length: 20 }, () => random() * spreadMs) : [],
    estimate: pick(random, 0.5, 1, 1, 1.6),
  };
  return [settings, random];
}
