import type { History } from '../world/history.ts';
import { inTime, normalised, nothingUncaught, oneAnswerEach, recovers, wholeAnswers } from './answers.ts';
import {
  boundedAttempts,
  hintsHonoured,
  noCallBeforeItsTime,
  noRefusedKey,
  nothingAfterTheEnd,
  onePilot,
  onlyRefusedKeysOut,
} from './attempts.ts';
import { budgetKept } from './budget.ts';
import { failuresOpen, lawfulCircuits, onlyFailuresOpen } from './circuits.ts';
import { Facts, type Invariant } from './facts.ts';
import {
  ledgersTrue,
  noRefusalThatWasForeseeable,
  noWindowOverItsLimit,
  sharedLedgerTrue,
  truthfulRefusals,
} from './quotas.ts';
import { bulkheadHolds, noSecretOut, nothingLeft } from './remains.ts';

/** What must hold in every world, by number. */
export const INVARIANTS: readonly (readonly [number: string, ...Invariant[]])[] = [
  ['I1', oneAnswerEach],
  ['I2', boundedAttempts],
  ['I3', nothingAfterTheEnd],
  ['I4', budgetKept],
  ['I5', lawfulCircuits, failuresOpen],
  ['I6', bulkheadHolds],
  ['I7', inTime],
  ['I8', noWindowOverItsLimit, noRefusalThatWasForeseeable],
  ['I9', noCallBeforeItsTime, hintsHonoured, noRefusedKey, onePilot, truthfulRefusals],
  ['I10', noSecretOut],
  ['I11', nothingLeft, ledgersTrue, sharedLedgerTrue],
  ['I12', onlyFailuresOpen, onlyRefusedKeysOut],
  // All errors of the corpus are understood in test/errors; here those that happen in a world.
  ['I13', normalised, wholeAnswers],
  ['I14', nothingUncaught],
  ['I16', recovers],
];

/** What cannot be seen in a world, and where it is looked at instead. */
export const ELSEWHERE: Readonly<Record<string, string>> = {
  I13: 'test/errors/corpus.test.ts and test/errors/hostile.test.ts: every known error of Google, and hostile ones',
  I15: 'test/bounded-map.test.ts and the soak: a world is too short to see memory grow',
};

/** The sentences for what was broken, each with the number of the invariant. */
export function violations(history: History): string[] {
  const facts = new Facts(history);
  return INVARIANTS.flatMap(([number, ...checks]) =>
    checks.flatMap((check) => check(facts).map((sentence) => `${number} ${check.name}: ${sentence}`)),
  );
}
