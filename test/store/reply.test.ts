import { readReply } from '../../src/store/reply.ts';

const GATE = JSON.stringify({ kind: 'quota_exhausted', quota: { scope: 'day' } });
/** taken, why, wait, at, limit, now, day's end, gate, verdict, mark, rpm, tpm, rpd, then six counts. */
const YES = [
  'yes',
  'rpm',
  '250',
  '41',
  '',
  '10000',
  '99000',
  '0',
  '',
  '',
  '5',
  '',
  '',
  '1',
  '10',
  '2',
  '20',
  '41',
  '3',
];

function no(changes: Record<number, string>): string[] {
  return YES.map((field, i) => ({ 0: 'no', 3: '0', ...changes })[i as 0] ?? field);
}

test('a place, and what the ledger looks like', () => {
  expect(readReply(YES, 10)).toEqual({
    answer: { taken: true, waitMs: 250, why: 'rpm', slice: 41, tokens: 10, dayEnds: 99_000 },
    now: 10_000,
    gateMs: 0,
    verdict: undefined,
    heardAt: 0,
    heardToday: 0,
    limits: { rpm: 5 },
    used: { requests: 1, tokens: 10 },
    sum: { requests: 2, tokens: 20 },
    last: 41,
    today: 3,
    dayEnds: 99_000,
  });
});

test('buffers and numbers are read as texts are', () => {
  const mapped = YES.map((field, i) => (i % 2 === 0 ? Buffer.from(field) : field));
  expect(readReply(mapped, 10)).toEqual(readReply(YES, 10));
});

test('all limits that are known, and when the process was heard of', () => {
  const reply = readReply(no({ 9: '8000 7', 10: '', 11: '600', 12: '70' }), 10);
  expect(reply.limits).toEqual({ tpm: 600, rpd: 70 });
  expect([reply.heardAt, reply.heardToday]).toEqual([8000, 7]);
});

test('a refusal names the limit; nothing where there never is room', () => {
  expect(readReply(no({ 4: '5' }), 10).answer).toEqual({ taken: false, waitMs: 250, why: 'rpm', limit: 5 });
  const never = readReply(no({ 1: 'tpm', 2: '', 4: '9' }), 10).answer;
  expect(never).toEqual({ taken: false, waitMs: Infinity, why: 'tpm', limit: 9 });
});

test('only a refusal by the gate tells why that is closed', () => {
  const verdict = { kind: 'quota_exhausted', quota: { scope: 'day' } };
  const gate = readReply(no({ 1: 'gate', 7: '250', 8: GATE }), 10);
  expect(gate.answer).toEqual({ taken: false, waitMs: 250, why: 'gate', verdict });
  expect([gate.gateMs, gate.verdict]).toEqual([250, verdict]);
  expect(readReply(no({ 4: '5', 8: GATE }), 10).answer).not.toHaveProperty('verdict');
  expect(readReply(no({ 1: 'gate' }), 10).answer).toEqual({ taken: false, waitMs: 250, why: 'gate' });
});

test.each([['OK'], [undefined], [[]], [YES.slice(1)], [{ length: 19 }]])('%j is no answer of the script', (reply) => {
  expect(() => readReply(reply, 10)).toThrow(new TypeError('no answer of the reserve script'));
});
