import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, sep } from 'node:path';
import { Script } from 'node:vm';
import { declareFactoryPlugin, PluginKind } from '@stryker-mutator/api/plugin';
import {
  DryRunStatus,
  determineHitLimitReached,
  TestStatus,
  toMutantRunResult,
} from '@stryker-mutator/api/test-runner';
import { minimatch } from 'minimatch';

// Runs jest's tests without jest, whose run costs most of a second, and there is one for each mutant. Tests are defined by
// jest's own `test` and `expect`, and the modules of the sandbox are loaded anew for each mutant, as jest does, unless the
// area is stateless. There are no fake timers, no mocked modules and no setup file, and what a test leaves behind (a timer,
// a socket) meets the next mutant.

const require = createRequire(join(process.cwd(), 'package.json'));
const own = (path) => path.startsWith(process.cwd() + sep) && !path.includes(`${sep}node_modules${sep}`);

class InProcessRunner {
  #options;
  #files = [];
  #mocker;
  /** True where no mutant was active while the modules were loaded. */
  #clean = false;
  /** How long each test took at last: the quick ones run first, since one failure is enough. */
  #tookMs = new Map();

  constructor(options) {
    this.#options = options.inProcess;
  }

  init() {
    const { transformSync } = require('@swc/core');
    const files = readdirSync('test', { recursive: true }).map((file) => `test/${file}`);
    this.#files = files.filter((file) => this.#options.tests.some((pattern) => minimatch(file, pattern)));
    const scripts = new Map();
    require.extensions['.ts'] = (module, path) => {
      if (!scripts.has(path)) {
        const { code } = transformSync(readFileSync(path, 'utf8'), { ...this.#options.swc, filename: path });
        scripts.set(path, code);
      }
      module._compile(scripts.get(path), path);
    };
    this.#mocker = new (require('jest-mock').ModuleMocker)(globalThis);
    globalThis.__stryker__ ??= {};
    process.env.NODE_ENV = 'test';
  }

  capabilities() {
    return { reloadEnvironment: true };
  }

  async dryRun() {
    const stryker = globalThis.__stryker__;
    const failed = this.#load();
    if (failed) return failed;
    const results = await this.#run(allTests(), false);
    return { status: DryRunStatus.Complete, tests: results, mutantCoverage: stryker.mutantCoverage };
  }

  async mutantRun({ activeMutant, testFilter, disableBail, hitLimit, reloadEnvironment }) {
    const stryker = globalThis.__stryker__;
    Object.assign(stryker, { activeMutant: activeMutant.id, hitLimit, hitCount: hitLimit ? 0 : undefined });
    const wanted = testFilter && new Set(testFilter);
    const kept = this.#options.stateless && this.#clean && !reloadEnvironment;
    const failed = kept ? undefined : this.#load();
    this.#clean = !reloadEnvironment;
    if (failed) return toMutantRunResult(failed, disableBail);
    const tests = allTests().filter(({ id }) => wanted?.has(id) ?? true);
    tests.sort((a, b) => (this.#tookMs.get(a.id) ?? 0) - (this.#tookMs.get(b.id) ?? 0));
    const results = await this.#run(tests, !disableBail);
    const endless = determineHitLimitReached(stryker.hitCount, stryker.hitLimit);
    return toMutantRunResult(endless ?? { status: DryRunStatus.Complete, tests: results }, disableBail);
  }

  /** Defines all tests; a mutant that cannot be loaded is noticed by any of them. */
  #load() {
    for (const path of Object.keys(require.cache)) if (own(path)) delete require.cache[path];
    const circus = require('jest-circus');
    circus.resetState();
    // A test that failed may not have come to that.
    this.#mocker.restoreAllMocks();
    const { describe, test, it, beforeAll, beforeEach, afterAll, afterEach } = circus;
    const { jestExpect: expect } = require('@jest/expect');
    const jest = jestOf(this.#mocker);
    Object.assign(globalThis, { describe, test, it, expect, beforeAll, beforeEach, afterAll, afterEach, jest });
    globalThis.__stryker__.currentTestId = undefined;
    try {
      for (const file of this.#files) require(join(process.cwd(), file));
      return undefined;
    } catch (error) {
      const failure = { id: 'load', name: 'load', timeSpentMs: 0, failureMessage: String(error?.stack) };
      return globalThis.__stryker__.activeMutant === undefined
        ? { status: DryRunStatus.Error, errorMessage: failure.failureMessage }
        : { status: DryRunStatus.Complete, tests: [{ ...failure, status: TestStatus.Failed }] };
    }
  }

  async #run(tests, bail) {
    const results = [];
    for (const { id, test, blocks } of tests) {
      globalThis.__stryker__.currentTestId = id;
      const begun = performance.now();
      const error = await failureOf(test, blocks, id, longestMs(this.#tookMs.get(id)));
      const timeSpentMs = performance.now() - begun;
      const failed = error !== undefined;
      if (!failed) this.#tookMs.set(id, timeSpentMs);
      results.push({
        ...{ id, name: id, timeSpentMs, status: failed ? TestStatus.Failed : TestStatus.Success },
        ...(failed ? { failureMessage: String(error?.message ?? error) } : {}),
      });
      if (failed && bail) break;
    }
    globalThis.__stryker__.currentTestId = undefined;
    return results;
  }
}

/** What tests ask of `jest` itself. A test that fails once has failed: what is tried again is about time. */
function jestOf(mocker) {
  return {
    fn: (work) => mocker.fn(work),
    spyOn: (...what) => mocker.spyOn(...what),
    restoreAllMocks: () => mocker.restoreAllMocks(),
    setTimeout: () => {},
    retryTimes: () => {},
  };
}

/** Each test with the blocks that it stands in, outermost first. Those of one name are told apart by their number. */
function allTests() {
  const found = [];
  const seen = new Map();
  const visit = (block, blocks) => {
    for (const child of block.children) {
      if (child.type === 'describeBlock') visit(child, [...blocks, child]);
      else if (child.mode !== 'skip' && child.mode !== 'todo') {
        const name = [...blocks.slice(1), child].map((part) => part.name).join(' ');
        const number = (seen.get(name) ?? 0) + 1;
        seen.set(name, number);
        found.push({ id: number === 1 ? name : `${name} (${number})`, test: child, blocks });
      }
    }
  };
  const { rootDescribeBlock } = require('jest-circus').getState();
  visit(rootDescribeBlock, [rootDescribeBlock]);
  return found;
}

async function failureOf(test, blocks, id, mostMs) {
  const { jestExpect: expect } = require('@jest/expect');
  expect.setState({
    assertionCalls: 0,
    expectedAssertionsNumber: null,
    isExpectingAssertions: false,
    currentTestName: id,
  });
  const hooks = (type) => blocks.flatMap((block) => block.hooks.filter((hook) => hook.type === type));
  let failure;
  const rejected = (reason) => {
    failure ??= reason ?? new Error('rejected: nothing');
  };
  process.on('unhandledRejection', rejected);
  const attempt = async (work) => {
    try {
      await settled(work, mostMs);
    } catch (error) {
      failure ??= error ?? new Error('thrown: nothing');
    }
  };
  for (const { fn } of [...hooks('beforeAll'), ...hooks('beforeEach')]) if (failure === undefined) await attempt(fn);
  if (failure === undefined) await attempt(test.fn);
  for (const { fn } of [...hooks('afterEach').reverse(), ...hooks('afterAll').reverse()]) await attempt(fn);
  process.off('unhandledRejection', rejected);
  failure ??= expect.extractExpectedAssertionsErrors()[0]?.error;
  return failure;
}

/** A test that waits for what a mutant has taken away has failed. */
const LONGEST_MS = 5000;

/** Those on a clock of their own take a millisecond: many seconds would be lost with them. */
function longestMs(tookMs = LONGEST_MS) {
  return Math.min(LONGEST_MS, 300 + 20 * tookMs);
}

const begin = new Script('__work__()');

/** Ends a loop without end as well, where nothing was awaited before: a process that hangs costs many seconds. */
async function settled(work, mostMs) {
  globalThis.__work__ = work.length === 0 ? work : () => called(work);
  let timer;
  const late = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('too late')), mostMs);
  });
  try {
    await Promise.race([begin.runInThisContext({ timeout: Math.ceil(mostMs) }), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A function with a parameter says itself when it is done. */
function called(work) {
  return new Promise((resolve, reject) => {
    work((error) => (error === undefined ? resolve() : reject(error)));
  });
}

function inProcessRunner(options) {
  return new InProcessRunner(options);
}
inProcessRunner.inject = ['options'];

export const strykerPlugins = [declareFactoryPlugin(PluginKind.TestRunner, 'in-process', inProcessRunner)];
export const strykerValidationSchema = { properties: { inProcess: { type: 'object' } } };
