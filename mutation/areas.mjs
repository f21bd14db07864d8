// What is mutated together, and the tests that must notice it: all of npm test for each mutant would take days.
const understanding = [
  'decide',
  'evidence',
  'foreign',
  'in-band',
  'inspect-answer',
  'links',
  'loose',
  'peel',
  'plain-text',
  'quotas',
  'read-json',
  'reasons',
  'retry-info',
  'safe',
  'sse',
  'steps',
  'understand',
  'upstream-facts',
  'verdict',
];

export const AREAS = {
  redaction: {
    runner: 'in-process',
    mutate: ['src/errors/redact.ts'],
    tests: ['test/errors/redact.test.ts', 'test/errors/clean.test.ts'],
    goal: 100,
  },
  budget: {
    runner: 'in-process',
    mutate: ['src/policies/retry-budget.ts'],
    tests: ['test/policies/retry-budget.test.ts'],
    goal: 100,
  },
  waits: {
    runner: 'in-process',
    mutate: ['src/errors/retry-info.ts'],
    tests: ['test/errors/retry-info.test.ts'],
    goal: 100,
  },
  errors: {
    runner: 'in-process',
    mutate: understanding.filter((name) => name !== 'retry-info').map((name) => `src/errors/${name}.ts`),
    tests: ['test/errors/!(*property|hostile).test.ts'],
    goal: 100,
  },
  retry: {
    runner: 'in-process',
    mutate: ['src/policies/{retry,timeout,unsent}.ts', 'src/policy.ts'],
    tests: ['test/policies/{retry,timeout,compose,names}.test.ts'],
    goal: 95,
  },
  circuit: {
    runner: 'in-process',
    mutate: ['src/policies/{circuit*,pace,latest-outcomes,by-resource}.ts'],
    tests: ['test/policies/{circuit*,pace,latest-outcomes,by-resource,names}.test.ts'],
    goal: 95,
  },
  failover: {
    runner: 'in-process',
    mutate: ['src/policies/{failover,switches,ways,models}.ts'],
    tests: ['test/policies/{failover,switches,ways,models,names}.test.ts'],
    goal: 95,
  },
  keys: {
    runner: 'in-process',
    mutate: ['src/policies/key*.ts'],
    tests: ['test/policies/{key*,names}.test.ts'],
    goal: 95,
  },
  limits: {
    runner: 'in-process',
    mutate: ['src/policies/{bulkhead,token-limit,token-ratio,caller-address,error-normalizer}.ts'],
    tests: ['test/policies/{bulkhead,token-limit,token-ratio,caller-address,error-normalizer,names}.test.ts'],
    goal: 95,
  },
  callers: {
    runner: 'in-process',
    mutate: ['src/policies/{rate-limit,caller-limiter,redis-limiter}.ts'],
    tests: ['test/policies/{rate-limit,redis-limiter,names}.test.ts'],
    goal: 95,
  },
  quota: {
    mutate: ['src/policies/{quota*,line,pilot,reservation}.ts'],
    tests: ['test/policies/quota*.test.ts', 'test/store/ledger.test.ts'],
    goal: 95,
  },
  ledger: {
    mutate: ['src/store/{ledger,windows,gate,left,memory,store}.ts', 'src/pacific.ts', 'src/bounded-map.ts'],
    tests: ['test/store/{ledger,windows}.test.ts', 'test/{pacific,bounded-map}.test.ts'],
    goal: 95,
  },
  store: {
    mutate: ['src/store/!(ledger|windows|gate|left|memory|store).ts'],
    tests: ['test/store/*.test.ts'],
    goal: 95,
  },
};

/** Survivors that change nothing, by file: mutation/equivalents.md says why. */
export const EQUIVALENT = {
  'src/errors/retry-info.ts': 6,
  'src/policies/by-resource.ts': 1,
  'src/policies/caller-limiter.ts': 1,
  'src/policies/circuit-books.ts': 5,
  'src/policies/circuit-breaker.ts': 2,
  'src/policies/circuit-window.ts': 2,
  'src/policies/circuit.ts': 1,
  'src/policies/key-options.ts': 4,
  'src/policies/key-verdict.ts': 2,
  'src/policies/latest-outcomes.ts': 2,
  'src/policies/models.ts': 1,
  'src/policies/rate-limit.ts': 6,
  'src/policies/token-limit.ts': 2,
  'src/policies/token-ratio.ts': 1,
};
