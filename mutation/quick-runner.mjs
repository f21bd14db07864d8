// Runs the tests of an area in this very process, one module cache a mutant, and ends at the first test that fails: a
// mutant costs what its tests cost. By Jest it costs a second more, and all tests that touch it instead of the first.
// It knows what quick tests use: test, test.each, the hooks of a file, expect.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { compileFunction, Script } from 'node:vm';
import { commonTokens, declareClassPlugin, PluginKind, tokens } from '@stryker-mutator/api/plugin';
import {
  DryRunStatus,
  determineHitLimitReached,
  TestStatus,
  toMutantRunResult,
} from '@stryker-mutator/api/test-runner';

const fromRepository = createRequire(join(process.cwd(), 'package.json'));
const fromJest = createRequire(fromRepository.resolve('jest-circus'));
const { transformSync } = createRequire(fromRepository.resolve('@swc/jest'))('@swc/core');
const { jestExpect } = fromJest('@jest/expect');
const { bind: each } = fromJest('jest-each');

const SWC = {
  module: { type: 'commonjs' },
  jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
};
/** Names that every module finds, besides those of CommonJS. */
const GLOBALS = ['test', 'it', 'expect', 'jest', 'beforeAll', 'beforeEach', 'afterEach', 'afterAll'];

/** What Stryker's instrumented code looks at. */
const stryker = {};
globalThis.__stryker__ = stryker;

// What a test that was given up leaves behind, a mutant more often than not.
process.on('unhandledRejection', () => {});
process.on('uncaughtException', () => {});

const compiled = new Map();

function compile(file) {
  let made = compiled.get(file);
  if (!made) {
    const { code } = transformSync(readFileSync(file, 'utf8'), {
      ...SWC,
      filename: file,
      configFile: false,
      swcrc: false,
    });
    const names = ['exports', 'require', 'module', '__filename', '__dirname', ...GLOBALS];
    made = compileFunction(code, names, { filename: file });
    compiled.set(file, made);
  }
  return made;
}

/** One load of a test file: its modules, its tests, its hooks. */
class Suite {
  tests = [];
  hooks = { beforeAll: [], beforeEach: [], afterEach: [], afterAll: [] };
  #modules = new Map();
  #globals;

  constructor(file, testMs) {
    const test = (name, run, timeoutMs) =>
      void this.tests.push({ name, run, timeoutMs: Math.min(timeoutMs ?? testMs, testMs) });
    test.each = each(test, false);
    const hook = (name) => (run) => void this.hooks[name].push(run);
    this.#globals = {
      test,
      it: test,
      expect: jestExpect,
      jest: { retryTimes() {}, setTimeout() {} },
      beforeAll: hook('beforeAll'),
      beforeEach: hook('beforeEach'),
      afterEach: hook('afterEach'),
      afterAll: hook('afterAll'),
    };
    this.#load(file);
  }

  #load(file) {
    const known = this.#modules.get(file);
    if (known) return known.exports;
    const module = { exports: {} };
    this.#modules.set(file, module);
    const outside = createRequire(file);
    const require = (name) =>
      /^\.{1,2}\/.*\.ts$/.test(name) ? this.#load(resolve(dirname(file), name)) : outside(name);
    require.resolve = outside.resolve;
    const globals = GLOBALS.map((name) => this.#globals[name]);
    compile(file).call(module.exports, module.exports, require, module, file, dirname(file), ...globals);
    return module.exports;
  }
}

const started = new Script('__started__()');

/** Ends a loop that has no end, too, as long as nothing was awaited before it: to start a process again costs seconds. */
async function within(ms, run) {
  let timer;
  const over = new Promise((_, reject) => {
    timer = setTimeout(reject, ms, new Error(`not over after ${ms} ms`));
  });
  try {
    globalThis.__started__ = run;
    await Promise.race([started.runInThisContext({ timeout: ms }), over]);
  } finally {
    clearTimeout(timer);
  }
}

class QuickRunner {
  static inject = tokens(commonTokens.options);
  #files;
  #testMs;

  constructor({ quick: { tests, testMs } }) {
    this.#files = tests.map((file) => resolve(file));
    this.#testMs = testMs;
  }

  capabilities() {
    return { reloadEnvironment: true };
  }

  async dryRun({ coverageAnalysis }) {
    stryker.activeMutant = undefined;
    stryker.mutantCoverage = { static: {}, perTest: {} };
    const result = await this.#run({ testMs: 60_000 });
    if (coverageAnalysis !== 'off') result.mutantCoverage = stryker.mutantCoverage;
    return result;
  }

  async mutantRun({ activeMutant, testFilter, hitLimit, mutantActivation, disableBail }) {
    stryker.hitLimit = hitLimit;
    stryker.hitCount = hitLimit === undefined ? undefined : 0;
    const wanted = testFilter && new Set(testFilter);
    const activate = () => {
      stryker.activeMutant = activeMutant.id;
    };
    if (mutantActivation === 'static') activate();
    const result = await this.#run({ testMs: this.#testMs, wanted, activate, bails: true });
    stryker.activeMutant = undefined;
    return toMutantRunResult(determineHitLimitReached(stryker.hitCount, hitLimit) ?? result, disableBail);
  }

  async #run({ testMs, wanted, activate = () => {}, bails = false }) {
    const results = [];
    for (const file of this.#files) {
      let suite;
      try {
        suite = new Suite(file, testMs);
      } catch (error) {
        return { status: DryRunStatus.Error, errorMessage: String(error?.stack ?? error) };
      }
      activate();
      const all = suite.tests.filter(({ name }) => !wanted || wanted.has(name));
      if (all.length === 0) continue;
      for (const hook of suite.hooks.beforeAll) await hook();
      for (const test of all) {
        const result = await this.#one(suite, test, file);
        results.push(result);
        if (bails && result.status === TestStatus.Failed) return { status: DryRunStatus.Complete, tests: results };
      }
      for (const hook of suite.hooks.afterAll) await hook();
    }
    return { status: DryRunStatus.Complete, tests: results };
  }

  async #one({ hooks }, { name, run, timeoutMs }, fileName) {
    stryker.currentTestId = name;
    jestExpect.setState({ assertionCalls: 0, expectedAssertionsNumber: null, isExpectingAssertions: false });
    const begun = performance.now();
    const result = { id: name, name, fileName, status: TestStatus.Success };
    try {
      await within(timeoutMs, async () => {
        for (const hook of hooks.beforeEach) await hook();
        await run();
      });
      const [missing] = jestExpect.extractExpectedAssertionsErrors();
      if (missing) throw missing.error;
    } catch (error) {
      result.status = TestStatus.Failed;
      result.failureMessage = String(error?.message ?? error);
    }
    for (const hook of hooks.afterEach) {
      try {
        await hook();
      } catch (error) {
        result.status = TestStatus.Failed;
        result.failureMessage ??= String(error);
      }
    }
    stryker.currentTestId = undefined;
    result.timeSpentMs = performance.now() - begun;
    return result;
  }
}

export const strykerPlugins = [declareClassPlugin(PluginKind.TestRunner, 'quick', QuickRunner)];
