import { nodeCheck } from '../../src/cli/doctor/machine.ts';
import { retirementOf } from '../../src/cli/doctor/models.ts';
import { clockCheck } from '../../src/cli/doctor/way.ts';

test.each([
  ['18.20.0', 'failed'],
  ['20.18.3', 'failed'],
  ['20.19.0', 'ok'],
  ['22.1.0', 'ok'],
  ['26.0.0', 'ok'],
])('Node %s: %s', (version, status) => {
  expect(nodeCheck(version).status).toBe(status);
});

test.each([
  ['gemini-2.5-pro', '2026-12-01', 'gemini-3.8-flash'],
  ['gemini-2.5-flash', '2026-12-01', 'gemini-3.5-flash-lite'],
  ['gemini-2.5-flash-001', '2026-12-01', 'gemini-3.5-flash-lite'],
  ['gemini-2.0-flash-lite', '2026-06-01', 'gemini-3.8-flash'],
])('%s ends on %s', (model, ends, successor) => {
  expect(retirementOf(model)).toMatchObject({ ends, successor, endsAt: Date.parse(`${ends}T00:00:00Z`) });
});

test.each([
  'gemini-3.8-flash',
  'gemini-3.5-flash-lite',
  'gemini-2.5-flash-image',
  'mine',
])('%s has no known end', (model) => {
  expect(retirementOf(model)).toBeUndefined();
});

test('a clock within half a minute is right; further off it is a warning, then a failure', () => {
  const date = 'Wed, 25 Nov 2026 16:48:20 GMT';
  const at = Date.parse(date);
  expect(clockCheck(date, at)?.status).toBe('ok');
  expect(clockCheck(date, at + 20_000)).toMatchObject({ status: 'ok', message: 'This clock is 19.5 s ahead.' });
  expect(clockCheck(date, at - 40_000)).toMatchObject({ status: 'warning', message: 'This clock is 40.5 s behind.' });
  expect(clockCheck(date, at + 400_000)?.status).toBe('failed');
  expect(clockCheck(null, at)).toBeUndefined();
});
