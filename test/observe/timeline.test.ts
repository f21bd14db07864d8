import { numberOf, STEP_MS, STEPS, Stretch, Timeline } from '../../src/observe/timeline.ts';
import { anAnswer } from '../an-answer.ts';
import { ManualClock } from '../support.ts';

function sumOf(timeline: Timeline): Stretch {
  const all = new Stretch();
  for (const step of timeline.steps()) all.add(step);
  return all;
}

test('what came in two seconds is one step, by the wall clock', () => {
  const clock = new ManualClock();
  const timeline = new Timeline(clock);
  timeline.add(anAnswer());
  timeline.add(anAnswer({ saved: true }));
  clock.advance(STEP_MS);
  timeline.add(anAnswer());
  expect(timeline.steps().map(([number, answered, , , saved]) => [number, answered, saved])).toEqual([
    [numberOf(clock) - 1, 2, 1],
    [numberOf(clock), 1, 0],
  ]);
});

test('answered, refused here and failed upstream are told apart', () => {
  const timeline = new Timeline(new ManualClock());
  timeline.add(anAnswer());
  timeline.add(anAnswer({ code: 'overloaded', kind: 'model_overloaded', source: 'upstream', status: 503 }));
  timeline.add(anAnswer({ code: 'blocked', kind: 'blocked_prompt', source: 'caller', status: 422 }));
  timeline.add(anAnswer({ code: 'overloaded', kind: 'circuit_open', source: 'guard', status: 503, attempts: 0 }));
  expect(sumOf(timeline)).toMatchObject({ answered: 1, refused: 1, failed: 2, requests: 4 });
});

test('what tells nothing of Gemini is left out', () => {
  const timeline = new Timeline(new ManualClock());
  timeline.add(anAnswer({ attempts: 0, model: '' }));
  timeline.add(anAnswer({ code: 'client_closed', kind: 'client_closed', status: 499 }));
  timeline.add(anAnswer({ code: 'app_error', status: 500 }));
  expect(timeline.steps()).toEqual([]);
});

test('five minutes are kept, and nothing of an hour', () => {
  const clock = new ManualClock();
  const timeline = new Timeline(clock);
  for (let i = 0; i < 1800; i++) {
    timeline.add(anAnswer());
    clock.advance(STEP_MS);
  }
  expect(timeline.steps()).toHaveLength(STEPS);
  clock.advance(STEPS * STEP_MS);
  expect(timeline.steps()).toEqual([]);
});

test('times are told within a tenth, of two processes as of one', () => {
  const one = new Timeline(new ManualClock());
  const two = new Timeline(new ManualClock());
  const times = Array.from({ length: 1000 }, (_, i) => 50 + i * 3);
  for (const [i, durationMs] of times.entries()) (i % 2 ? one : two).add(anAnswer({ durationMs }));
  const both = new Stretch();
  for (const step of [...one.steps(), ...two.steps()]) both.add(step);
  for (const share of [0.5, 0.95, 0.99]) {
    const right = times[Math.ceil(share * 1000) - 1] as number;
    expect(Math.abs((both.within(share) as number) / right - 1)).toBeLessThan(0.1);
  }
  expect(new Stretch().within(0.5)).toBeUndefined();
});

test('a step stays small however many requests there are, so that it can travel', () => {
  const timeline = new Timeline(new ManualClock());
  for (let i = 0; i < 20_000; i++) timeline.add(anAnswer({ durationMs: (i * 7919) % 120_000 }));
  expect(JSON.stringify(timeline.steps()).length).toBeLessThan(600);
});
