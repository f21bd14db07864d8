import type { Part } from '../../src/part.ts';
import { bulkheadPart } from '../../src/policies/bulkhead.ts';
import { circuitBreakerPart } from '../../src/policies/circuit-breaker.ts';
import { errorNormalizerPart } from '../../src/policies/error-normalizer.ts';
import { failoverPart } from '../../src/policies/failover.ts';
import { keysPart } from '../../src/policies/keys.ts';
import { quotaPart } from '../../src/policies/quota.ts';
import { rateLimitPart } from '../../src/policies/rate-limit.ts';
import { retryPart } from '../../src/policies/retry.ts';
import { timeoutPart } from '../../src/policies/timeout.ts';
import { tokenLimitPart } from '../../src/policies/token-limit.ts';

const models = ['gemini-3.5-flash'];
test.each<[Part['name'], (options: never) => Part, object]>([
  ['bulkhead', bulkheadPart, {}],
  ['circuitBreaker', circuitBreakerPart, {}],
  ['errorNormalizer', errorNormalizerPart, {}],
  ['failover', failoverPart, { models }],
  ['quota', quotaPart, {}],
  ['rateLimit', rateLimitPart, {}],
  ['retry', retryPart, {}],
  ['timeout', timeoutPart, {}],
  ['tokenLimit', tokenLimitPart, { maxInputTokens: 1000 }],
])('%s goes by the name of its option, and says it of options that are wrong', (name, make, options) => {
  const part = make(options as never);
  expect(part.name).toBe(name);
  part.close?.();
  expect(() => make({ ...options, nonsense: 1 } as never)).toThrow(
    new RegExp(`^${name}: \\\`nonsense\\\` is not an option`),
  );
});

test('keys go by theirs', () => {
  expect(keysPart(undefined, { env: {} }).name).toBe('keys');
});
