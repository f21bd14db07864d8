import type { Call } from '../call.ts';
import type { GeminiError } from '../errors/gemini-error.ts';
import { KINDS, type Kind } from '../errors/kinds.ts';
import { understand } from '../errors/understand.ts';
import type { Tokens } from './events.ts';
import type { Instruments } from './instruments.ts';
import type { Labels } from './labels.ts';
import { isolated } from './listeners.ts';
import { type Attributes, CLIENT, ERROR, type OpenTelemetry, type Span, type Tracer } from './otel.ts';
import { ATTRIBUTE, OWN, operationOf, providerOf } from './semconv.ts';
import {
  callAttributes,
  eventAttributes,
  failureAttributes,
  safe,
  serverOf,
  spanName,
  usageAttributes,
} from './span-attributes.ts';
import type { Facts } from './usage.ts';

/** What OpenTelemetry is told of one call: a span with a child for each attempt, and how long it took. */
export class CallTelemetry {
  readonly #call: Call;
  readonly #api: OpenTelemetry;
  readonly #tracer: Tracer;
  readonly #instruments: Instruments;
  readonly #labels: Labels;
  readonly #span: Span;
  /** Of what runs in the call's span. */
  readonly #context: unknown;
  readonly #begunAt: number;
  /** The attempt that goes on: its stream is being read. */
  #attempt: Span | undefined;
  #last: Call;
  #used: { tokens: Tokens; facts: Facts } | undefined;

  constructor(call: Call, api: OpenTelemetry, tracer: Tracer, instruments: Instruments, labels: Labels) {
    this.#call = call;
    this.#last = call;
    this.#api = api;
    this.#tracer = tracer;
    this.#instruments = instruments;
    this.#labels = labels;
    this.#begunAt = call.clock.now();
    const around = api.context.active();
    const attributes = { ...callAttributes(call), [`${OWN}.request_id`]: safe(call.id) };
    this.#span = tracer.startSpan(spanName(call), { kind: CLIENT, attributes }, around);
    this.#context = this.#span.isRecording() ? api.trace.setSpan(around, this.#span) : around;
  }

  /** The call with an ear for what happens to it. */
  watched(): Call {
    if (!this.#span.isRecording()) return this.#call;
    const { emit } = this.#call;
    return {
      ...this.#call,
      emit: (event, data) => {
        emit(event, data);
        const told = eventAttributes(event, data);
        if (told) isolated(() => this.#span.addEvent(`${OWN}.${event}`, told), undefined);
      },
    };
  }

  /** Runs one HTTP call in a span of its own, so that whatever instruments HTTP finds it there. */
  async attempt<T>(passed: Call, send: () => Promise<T>): Promise<T> {
    this.#last = passed;
    this.#used = undefined;
    if (!this.#span.isRecording()) return send();
    const attributes = {
      ...callAttributes(passed),
      [`${OWN}.attempt`]: passed.attempt,
      [`${OWN}.key`]: safe(passed.key),
    };
    const span = this.#tracer.startSpan(`attempt ${passed.attempt}`, { kind: CLIENT, attributes }, this.#context);
    this.#attempt = span;
    try {
      return await this.#api.context.with(this.#api.trace.setSpan(this.#context, span), send);
    } catch (thrown) {
      isolated(() => this.#endAttempt(understand(thrown)), undefined);
      throw thrown;
    }
  }

  /** The answer has told its tokens, and what else it is. */
  used(tokens: Tokens, facts: Facts): void {
    this.#used = { tokens, facts };
  }

  /** The first content of a stream is there. */
  firstChunk(): void {
    isolated(() => this.#instruments.firstChunk(this.#call.clock.now() - this.#begunAt, this.#labelled()), undefined);
  }

  /** Nothing more will come. */
  end(error?: GeminiError): void {
    isolated(() => this.#end(error), undefined);
  }

  #end(error: GeminiError | undefined): void {
    const kind = error?.kind;
    this.#endAttempt(error);
    if (this.#used && !error) this.#instruments.tokens(this.#used.tokens, this.#labelled());
    this.#instruments.duration(this.#call.clock.now() - this.#begunAt, this.#labelled(kind));
    this.#close(this.#span, error);
  }

  #endAttempt(error: GeminiError | undefined): void {
    const span = this.#attempt;
    this.#attempt = undefined;
    if (span) this.#close(span, error);
  }

  #close(span: Span, error: GeminiError | undefined): void {
    if (span.isRecording()) {
      if (this.#used) span.setAttributes(usageAttributes(this.#used.tokens, this.#used.facts));
      if (error) span.setAttributes(failureAttributes(error));
      // Who has left has not failed.
      if (error && KINDS[error.kind].source !== 'caller') span.setStatus({ code: ERROR });
    }
    span.end();
  }

  /** For metrics: names that are bounded. */
  #labelled(kind?: Kind): Attributes {
    const { method, host, region, model } = this.#last;
    return {
      [ATTRIBUTE.operation]: operationOf(method),
      [ATTRIBUTE.provider]: providerOf(host, region),
      ...(model === '' ? {} : { [ATTRIBUTE.model]: this.#labels.model(model) }),
      ...serverOf(host),
      ...(kind === undefined ? {} : { [ATTRIBUTE.error]: kind }),
    };
  }
}
