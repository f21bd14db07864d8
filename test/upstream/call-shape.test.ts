import type { Call } from '../../src/call.ts';
import { Core } from '../../src/core.ts';
import type { Part } from '../../src/part.ts';
import { circuitBreakerPart } from '../../src/policies/circuit-breaker.ts';
import { failoverPart } from '../../src/policies/failover.ts';
import { quotaPart } from '../../src/policies/quota.ts';
import { retryPart } from '../../src/policies/retry.ts';
import { timeoutPart } from '../../src/policies/timeout.ts';
import { haveSameShape } from '../shapes.ts';

const URL_ = 'https://generativelanguage.googleapis.com/v1beta/models/gemini-3.8-flash:generateContent';
const ANSWER = JSON.stringify({ candidates: [{ content: { parts: [{ text: 'hello' }] }, finishReason: 'STOP' }] });

test('the calls that policies get have the same shape each time, whatever others have put on their copies', async () => {
  const seen: Call[] = [];
  /** In the place of a part of that name. */
  const looking = (name: 'keys' | 'bulkhead'): Part => ({
    name,
    policy(call, next) {
      seen.push(call);
      return next(call);
    },
  });
  const parts = [
    timeoutPart(),
    failoverPart({ models: ['gemini-3.5-flash-lite'] }),
    retryPart(),
    looking('keys'),
    quotaPart(),
    circuitBreakerPart(),
    looking('bulkhead'),
  ];
  const transport = async (): Promise<Response> => Response.json(JSON.parse(ANSWER));
  const core = new Core(parts, { transport });
  for (let i = 0; i < 300; i++) {
    const headers = { 'content-type': 'application/json', 'x-goog-api-key': 'key' };
    await core.fetch(URL_, { method: 'POST', headers, body: '{"contents":[]}' });
  }
  await core.close();
  const [early, late, earlyAgain, lateAgain] = seen.slice(-4) as [Call, Call, Call, Call];
  expect(haveSameShape(early, earlyAgain)).toBe(true);
  expect(haveSameShape(late, lateAgain)).toBe(true);
  expect(early).toMatchObject({ attempt: 1, canBeCut: expect.any(Boolean), hasStandIn: true });
});
