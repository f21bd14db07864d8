// What is mutated together, and the tests that must notice it: all of npm test for each mutant would take days.
const understanding = [
  'codes',
  'decide',
  'evidence',
  'finish',
  'foreign',
  'in-band',
  'inspect-answer',
  'is-gemini-failure',
  'links',
  'loose',
  'network',
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
    stateless: true,
    tests: ['test/errors/!(*property|hostile|generality|redact|clean).test.ts'],
    goal: 100,
  },
  answers: {
    runner: 'in-process',
    mutate: ['src/errors/{gemini-error,problem}.ts'],
    tests: ['test/errors/{gemini-error,problem}.test.ts'],
    goal: 95,
  },
  resilience: {
    mutate: [
      'src/policies/{retry,bulkhead,circuit,circuit-breaker,timeout,token-ratio,caller-address}.ts',
      'src/policy.ts',
    ],
    tests: [
      'test/policies/{retry,bulkhead,circuit-breaker,circuit-opinions,timeout,token-ratio,caller-address,compose}.test.ts',
    ],
    goal: 95,
  },
  policies: {
    mutate: [
      'src/policies/{failover,switches,ways,key*,models,token-limit,rate-limit,caller-limiter,error-normalizer,unsent}.ts',
    ],
    tests: ['test/policies/{failover,key*,token-limit,rate-limit}.test.ts'],
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
  'src/errors/codes.ts': 1,
  'src/errors/foreign.ts': 1,
  'src/errors/gemini-error.ts': 2,
  'src/errors/is-gemini-failure.ts': 2,
  'src/errors/links.ts': 1,
  'src/errors/peel.ts': 1,
  'src/errors/read-json.ts': 2,
  'src/errors/retry-info.ts': 6,
  'src/errors/safe.ts': 2,
  'src/errors/verdict.ts': 1,
};
