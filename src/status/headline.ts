import { KINDS } from '../errors/kinds.ts';
import type { Facts } from './facts.ts';
import type { Headline } from './page-data.ts';
import { amount, count, list, percent, span } from './words.ts';

/** Share of failed requests that is worth a word, and one that is bad. */
const TROUBLED = 0.05;
const FAILING = 0.25;
/** Share of answers that needed more than one try, or had to wait, from which on something is going on. */
const STRAINED = 0.2;
/** Fewer requests than this make no share. */
const ENOUGH = 5;

type Situation = (facts: Facts) => Headline | undefined;

/** What can be said, the worst first. */
const SITUATIONS: readonly Situation[] = [
  /** Key, bill, rights, region: nothing but an act of the operator's helps. */
  function refused({ recent, minute }) {
    const problem = recent.find(({ kind }) => KINDS[kind].code === 'unavailable');
    if (!problem || minute.answered > 0) return undefined;
    const { cause, cure } = KINDS[problem.kind];
    return {
      tone: 'bad',
      text: 'Google refuses every call.',
      more: `${cause} ${cure}`,
      short: 'Google refuses every call',
    };
  },
  function redisClosed({ redis }) {
    if (!redis || redis.isUp || redis.outage !== 'closed') return undefined;
    const more = 'Without it no call is made, since `redis.outage` is `closed`. They go on once it answers.';
    return {
      tone: 'bad',
      text: 'Redis is out of reach, and every call waits for it.',
      more,
      short: 'Redis is out of reach',
    };
  },
  function down({ models }) {
    const open = models.filter(({ circuit }) => circuit === 'open');
    if (open.length === 0) return undefined;
    const who = list(open.map(({ name }) => name));
    const [is, its] = open.length === 1 ? ['is', 'its'] : ['are', 'their'];
    const more = `Nearly all calls have failed, so ${its} circuit is open: calls wait, and now and then a few are let through to see whether ${open.length === 1 ? 'it answers' : 'they answer'} again.`;
    return { tone: 'bad', text: `${who} ${is} down. Calls are held back.`, more, short: `${who} ${is} down` };
  },
  function dayGone({ models }) {
    const gone = models.filter(({ gate }) => gate?.kind === 'quota_exhausted');
    if (gone.length === 0) return undefined;
    const who = list(gone.map(({ name }) => name));
    const opensInMs = Math.max(...gone.map(({ gate }) => gate?.opensInMs ?? 0));
    const more = `It is full again in ${span(opensInMs)}, at midnight in California. ${KINDS.quota_exhausted.cure}`;
    return {
      tone: 'bad',
      text: `The quota of the day is used up for ${who}.`,
      more,
      short: 'the quota of the day is used up',
    };
  },
  function failing({ minute, recent }) {
    const share = minute.failed / minute.requests;
    if (minute.requests < ENOUGH || share < TROUBLED) return undefined;
    const [worst] = recent.filter(({ visitors, kind }) => visitors > 0 && KINDS[kind].source !== 'guard');
    const why = worst ? ` ${KINDS[worst.kind].cause} ${KINDS[worst.kind].cure}` : '';
    return {
      tone: share < FAILING ? 'watch' : 'bad',
      text: `${percent(share)} of requests failed in the last minute.`,
      more: `${amount(minute.failed)} of ${count(minute.requests, 'request')}.${why}`,
      short: `${percent(share)} of requests fail`,
    };
  },
  function keyOut({ keys }) {
    const out = keys.filter(({ state }) => state === 'benched').map(({ name }) => name);
    if (out.length === 0) return undefined;
    const isOne = out.length === 1;
    const again = isOne ? 'add it again once it works' : 'add them again once they work';
    const more = `${isOne ? 'It is' : 'They are'} taken out, and the others answer. The reason stands in the list below; ${again}.`;
    const text = `Google refuses the ${isOne ? 'key' : 'keys'} ${list(out)}`;
    return { tone: 'watch', text: `${text}.`, more, short: text };
  },
  function redisLost({ redis }) {
    if (!redis || redis.isUp) return undefined;
    const each = redis.outage === 'share' ? 'its share of each limit' : 'the whole of each limit';
    const more = `Calls go on: each process keeps to ${each}. These are the numbers of this process alone.`;
    return { tone: 'watch', text: 'Redis is out of reach.', more, short: 'Redis is out of reach' };
  },
  function probing({ models }) {
    const probed = models.filter(({ circuit }) => circuit === 'half-open').map(({ name }) => name);
    if (probed.length === 0) return undefined;
    const more = 'A few calls are let through; two that are answered close its circuit.';
    return {
      tone: 'watch',
      text: `Looking whether ${list(probed)} answers again.`,
      more,
      short: `${list(probed)} is being tried`,
    };
  },
  function paused({ models, waiting }) {
    const closed = models.filter(({ gate }) => gate && gate.kind !== 'quota_exhausted');
    if (closed.length === 0) return undefined;
    const who = list(closed.map(({ name }) => name));
    const opensInMs = Math.max(...closed.map(({ gate }) => gate?.opensInMs ?? 0));
    const queue = waiting > 0 ? ` ${count(waiting, 'call')} ${waiting === 1 ? 'waits' : 'wait'} for it.` : '';
    const more = `Its quota of this minute is used up; calls go on in ${span(opensInMs)}.${queue}`;
    return { tone: 'watch', text: `Google has asked for a pause of ${who}.`, more, short: `${who} has to pause` };
  },
  function turnedAway({ minute, recent }) {
    const share = minute.refused / minute.requests;
    if (minute.requests < ENOUGH || share < TROUBLED) return undefined;
    const [most] = recent.filter(({ visitors, kind }) => visitors > 0 && KINDS[kind].source === 'guard');
    const why = most ? ` ${KINDS[most.kind].cause} ${KINDS[most.kind].cure}` : '';
    return {
      tone: 'watch',
      text: `${percent(share)} of requests were turned away here in the last minute.`,
      more: `They never reached Google.${why}`,
      short: `${percent(share)} of requests are turned away here`,
    };
  },
  function replaced({ models }) {
    const [switched] = models.filter(({ replacement }) => replacement !== undefined);
    if (!switched) return undefined;
    const more = 'The model that was asked for cannot; it is tried again every half minute.';
    const text = `${switched.replacement} answers in place of ${switched.name}.`;
    return { tone: 'watch', text, more, short: `${switched.replacement} answers for ${switched.name}` };
  },
  function retried({ minute }) {
    const share = minute.saved / minute.answered;
    if (minute.answered < ENOUGH || share === 0) return undefined;
    const rest =
      minute.failed > 0 ? `${count(minute.failed, 'request')} failed.` : 'Visitors noticed nothing but the wait.';
    return {
      tone: share < STRAINED ? 'good' : 'watch',
      text: `Gemini answers. ${percent(share)} of the answers needed another try or a wait.`,
      more: `Without them ${count(minute.saved, 'visitor')} of the last minute would have got an error. ${rest}`,
      short: share < STRAINED ? 'Gemini answers, with retries' : 'many answers need another try',
    };
  },
  function mostly({ minute }) {
    const lost = minute.failed + minute.refused;
    if (lost === 0) return undefined;
    const text = `Gemini answers. ${count(lost, 'request')} of ${amount(minute.requests)} went wrong in the last minute.`;
    return {
      tone: 'good',
      text,
      more: 'What it was stands below, with its cause and its cure.',
      short: 'Gemini answers',
    };
  },
  function well({ minute }) {
    if (minute.answered === 0) return undefined;
    const text = `All is well. ${count(minute.answered, 'request')} in the last minute, ${minute.answered === 1 ? 'and it was' : 'all of them'} answered.`;
    return { tone: 'good', text, more: '', short: 'All is well' };
  },
  function quiet({ requests }) {
    if (requests === 0) return undefined;
    return { tone: 'idle', text: 'Quiet. Nothing was asked in the last minute.', more: '', short: 'Quiet' };
  },
];

const READY: Headline = {
  tone: 'idle',
  text: 'Ready. Nothing has been asked yet.',
  more: 'Numbers appear here with the first call to Gemini.',
  short: 'Ready',
};

/** The worst of what there is to say, and the rest in brief. */
export function headlineOf(facts: Facts): Headline {
  const [first = READY, ...others] = SITUATIONS.flatMap((situation) => situation(facts) ?? []);
  const also = others.filter(({ tone }) => tone === 'bad' || tone === 'watch').map(({ short }) => short);
  if (also.length === 0) return first;
  return { ...first, more: `${first.more} Also: ${list(also)}.`.trim() };
}
