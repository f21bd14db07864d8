import fc from 'fast-check';
import type { Call } from '../../src/call.ts';
import { TokenRatio, tokensOf } from '../../src/policies/token-ratio.ts';
import { anything } from './arbitraries.ts';
import { atMost, property, same } from './property.ts';

const callOf = (estimate: number, isCounted = false): Call =>
  ({ model: 'm', prompt: { tokens: () => estimate, isCounted: () => isCounted } }) as unknown as Call;

property(
  'what is planned for a prompt lies between what was seen of others, twenty times the estimate at most',
  [
    fc.array(fc.tuple(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 0, max: 2e7 }), fc.boolean()), {
      maxLength: 20,
    }),
    fc.nat(1e6),
  ],
  (answers, estimate) => {
    const ratio = new TokenRatio();
    let [least, most] = [1, 1];
    for (const [estimated, really, isCounted] of answers) {
      ratio.learn(callOf(estimated, isCounted), really);
      if (estimated === 0 || isCounted) continue;
      least = Math.min(least, really / estimated);
      most = Math.max(most, Math.min(20, really / estimated));
    }
    const planned = ratio.planned(callOf(estimate));
    atMost(Math.floor(estimate * least), planned);
    atMost(planned, Math.ceil(estimate * most * (1 + 1e-12)));
    same(ratio.planned(callOf(estimate, true)), estimate);
  },
);

property(
  'where prompts always turn out alike, the plan comes to what they really have',
  [fc.integer({ min: 1, max: 10_000 }), fc.integer({ min: 1, max: 100 })],
  (estimate, tenths) => {
    const ratio = new TokenRatio();
    const really = (estimate * tenths) / 10;
    for (let i = 0; i < 200; i++) ratio.learn(callOf(estimate), really);
    atMost(Math.abs(ratio.planned(callOf(estimate)) - really), 1 + really / 1e6);
  },
  { share: 0.3 },
);

property(
  'usage of any shape tells a number of tokens or nothing',
  [
    fc.oneof(
      fc.record(
        {
          promptTokenCount: fc.oneof(fc.integer(), anything),
          toolUsePromptTokenCount: fc.oneof(fc.integer(), anything),
          thoughtsTokenCount: fc.oneof(fc.integer(), anything),
        },
        { requiredKeys: [] },
      ),
    ),
  ],
  (usage) => {
    const tokens = tokensOf(usage as never);
    same(tokens === undefined || (Number.isFinite(tokens) && tokens >= 0), true);
  },
);
