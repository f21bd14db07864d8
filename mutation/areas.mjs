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
    mutate: ['src/errors/redact.ts'],
    tests: ['test/errors/redact.test.ts', 'test/errors/clean.test.ts'],
    goal: 100,
  },
  budget: {
    mutate: ['src/policies/retry-budget.ts'],
    tests: ['test/policies/retry-budget.test.ts'],
    goal: 100,
  },
  waits: {
    mutate: ['src/errors/retry-info.ts'],
    tests: ['test/errors/retry-info.test.ts'],
    goal: 100,
  },
  errors: {
    mutate: understanding.filter((name) => name !== 'retry-info').map((name) => `src/errors/${name}.ts`),
    tests: ['test/errors/!(*property).test.ts'],
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
    tests: ['quota-verdict', 'quota', 'quota-gates', 'quota-turn'].map((name) => `test/policies/${name}.test.ts`),
    quick: true,
    goal: 95,
  },
  ledger: {
    mutate: ['src/store/{ledger,gate,memory,store}.ts', 'src/pacific.ts'],
    tests: ['test/store/ledger.test.ts', 'test/pacific.test.ts'],
    quick: true,
    goal: 95,
  },
  windows: {
    mutate: ['src/store/{windows,left}.ts', 'src/bounded-map.ts'],
    tests: ['test/store/windows.test.ts', 'test/store/ledger.test.ts', 'test/bounded-map.test.ts'],
    quick: true,
    goal: 95,
  },
  outage: {
    mutate: ['src/store/{mirror,spent,reply,insurance,outage,outage-words,shared-time}.ts'],
    tests: ['spent', 'reply', 'mirror', 'insurance', 'shared-time'].map((name) => `test/store/${name}.test.ts`),
    quick: true,
    goal: 95,
  },
  shared: {
    mutate: ['src/store/{redis,telling,script,scripts,ledger-lua}.ts'],
    tests: ['telling', 'virtual-store', 'virtual-outage'].map((name) => `test/store/${name}.test.ts`),
    quick: true,
    goal: 95,
  },
  link: {
    mutate: ['src/store/{redis-link,redis-client,redis-options}.ts'],
    tests: ['test/store/quick-link.test.ts', 'test/store/redis-client.test.ts'],
    quick: true,
    goal: 95,
  },
  fleet: {
    mutate: ['src/store/{fleet,snapshots,shared-state}.ts'],
    tests: ['test/store/quick-fleet.test.ts', 'test/store/virtual-state.test.ts'],
    quick: true,
    goal: 95,
  },
};

/** Survivors that change nothing, by file: mutation/equivalents.md says why. */
export const EQUIVALENT = {
  'src/bounded-map.ts': 2,
  'src/errors/retry-info.ts': 6,
  'src/pacific.ts': 1,
  'src/policies/line.ts': 2,
  'src/policies/pilot.ts': 1,
  'src/policies/quota-verdict.ts': 4,
  'src/policies/quota.ts': 5,
  'src/store/fleet.ts': 1,
  'src/store/ledger.ts': 2,
  'src/store/memory.ts': 2,
  'src/store/redis-client.ts': 1,
  'src/store/redis-link.ts': 2,
  'src/store/redis.ts': 1,
  'src/store/shared-state.ts': 3,
  'src/store/snapshots.ts': 2,
  'src/store/spent.ts': 1,
  'src/store/telling.ts': 1,
  'src/store/windows.ts': 2,
};
