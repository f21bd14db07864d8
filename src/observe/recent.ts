import type { Clock } from '../clock.ts';
import type { AnswerEvent, EventName, GuardEvents } from './events.ts';
import { Problems } from './problems.ts';
import { Timeline } from './timeline.ts';

/** What happened lately, for a page: the lines of its charts, and the last problems. */
export class Recent {
  readonly timeline: Timeline;
  readonly problems: Problems;

  constructor(clock: Clock) {
    this.timeline = new Timeline(clock);
    this.problems = new Problems(clock);
  }

  observe<E extends EventName>(event: E, data: GuardEvents[E]): void {
    if (event === 'answer') this.timeline.add(data as AnswerEvent);
    this.problems.observe(event, data);
  }
}
