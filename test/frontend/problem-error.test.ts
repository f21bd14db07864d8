import { ProblemError } from '../../src/frontend/index.ts';
import { aProblem } from './a-problem.ts';

test('it is an Error with the problem and its sentence', () => {
  const cause = new TypeError('network error');
  const error = new ProblemError(aProblem(), { cause });
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({ name: 'ProblemError', message: aProblem().detail, problem: aProblem(), cause });
  expect(`${error}`).toBe(`ProblemError: ${aProblem().detail}`);
});

test('it is told by its brand, whichever copy of the package made it', () => {
  let Other: typeof ProblemError | undefined;
  jest.isolateModules(() => {
    Other = (require('../../src/frontend/index.ts') as { ProblemError: typeof ProblemError }).ProblemError;
  });
  const foreign = new (Other as typeof ProblemError)(aProblem());
  expect(foreign).not.toBeInstanceOf(ProblemError);
  expect(ProblemError.is(foreign)).toBe(true);
  expect(ProblemError.is(new Error('x'))).toBe(false);
  expect(ProblemError.is(aProblem())).toBe(false);
});
