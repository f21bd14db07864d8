import type { GuardEvents } from '../../../src/observe/events.ts';
import type { Ask, Told } from '../world/history.ts';
import { type Facts, grouped, type Invariant } from './facts.ts';

const CAPACITY = 500;
const COST = 5;
const SUCCESS_GAIN = 1;

type Step = Extract<Told, { event: 'attempt' | 'retry' }>;

/** I4: repetitions cost what they cost, and are bounded by what successes have left: every bucket is counted again. */
export const budgetKept: Invariant = (facts) => {
  const { settings, history } = facts;
  const found: string[] = [];
  const steps = history.told.filter(({ event }) => event === 'attempt' || event === 'retry') as Step[];
  for (const [name, all] of grouped(steps, ({ process, data }) => `${process} ${data.model}`)) {
    const process = all[0]?.process ?? 0;
    const bucket = replayed(all, facts);
    if (bucket.least < 0) found.push(`the budget of ${name} was overdrawn by ${-bucket.least}`);
    // Calls of one visitor at the same time cannot be told apart, and a process that was closed tells no more.
    const isPlain = settings.visitors.every(({ manner, isParallel }) => manner === 'run' && !isParallel);
    if (!isPlain || facts.isClosed(process)) continue;
    const retry = history.quiet[process]?.status.parts.retry as { budget: Record<string, number> };
    const told = Object.entries(retry.budget).find(([key]) => key.endsWith(` ${all[0]?.data.model}`))?.[1];
    const quietAt = history.quiet[process]?.at ?? 0;
    const before = replayed(
      all.filter(({ at }) => at <= quietAt),
      facts,
    ).tokens;
    if (told !== undefined && told !== before)
      found.push(`the budget of ${name} holds ${told}, and should hold ${before}`);
  }
  return found;
};

/** What stands in a bucket after all this, and the least that ever stood in it. */
function replayed(steps: readonly Step[], facts: Facts): { tokens: number; least: number } {
  let tokens = CAPACITY;
  let least = CAPACITY;
  const give = (more: number): void => {
    tokens = Math.min(CAPACITY, tokens + more);
  };
  const spent = new Map<string, number>();
  /** Who leaves during the wait has cost nothing. */
  const left: number[] = [];
  for (const step of steps) {
    give(COST * taken(left, step.order));
    const name = callOf(step, facts);
    if (step.event === 'retry') {
      tokens -= COST;
      least = Math.min(least, tokens);
      spent.set(name, (spent.get(name) ?? 0) + COST);
      const order = leftOrder(step, facts);
      if (order !== undefined) left.push(order);
    } else if (step.data.kind === undefined && (step.data as GuardEvents['attempt']).method !== 'countTokens') {
      give(spent.get(name) || SUCCESS_GAIN);
      spent.delete(name);
    }
  }
  give(COST * left.length);
  return { tokens, least };
}

/** Takes out those that come before this. @returns how many */
function taken(all: number[], order: number): number {
  const after = all.filter((one) => one >= order);
  const count = all.length - after.length;
  all.splice(0, all.length, ...after);
  return count;
}

/** One call of a visitor. */
function callOf(step: Step, facts: Facts): string {
  const ask = askOf(step, facts);
  return ask ? String(ask.order) : step.data.requestId;
}

/** The call that was under way then. */
function askOf({ order, data }: Step, { history }: Facts): Ask | undefined {
  const visitor = Number(/^visitor-(\d+)$/.exec(data.requestId)?.[1] ?? -1);
  return history.asks.findLast((ask) => ask.visitor === visitor && ask.order < order);
}

function leftOrder(step: Extract<Step, { event: 'retry' }>, facts: Facts): number | undefined {
  const ask = askOf(step, facts);
  const isLeft = ask?.endedAt !== undefined && ask.answeredAt === undefined && ask.endedAt < step.at + step.data.waitMs;
  return isLeft ? ask.endedOrder : undefined;
}
