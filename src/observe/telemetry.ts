import type { Call } from '../call.ts';
import { CallTelemetry } from './call-telemetry.ts';
import { Instruments } from './instruments.ts';
import type { Labels } from './labels.ts';
import { type MeterProvider, type OpenTelemetry, openTelemetry, type Tracer } from './otel.ts';
import { type Semconv, semconv } from './semconv.ts';

const SCOPE = 'gemini-guard';

/** Tells OpenTelemetry of calls, where an SDK of it is registered. */
export class Telemetry {
  readonly #names: Semconv;
  readonly #labels: Labels;
  #tracer: Tracer | undefined;
  #provider: MeterProvider | undefined;
  #instruments: Instruments | undefined;

  constructor(labels: Labels, env: Readonly<Record<string, string | undefined>>) {
    this.#labels = labels;
    this.#names = semconv(env);
  }

  /** A call begins, in the context of its visitor's request. */
  begin(call: Call): CallTelemetry | undefined {
    const api = openTelemetry();
    if (!api) return undefined;
    try {
      this.#tracer ??= api.trace.getTracer(SCOPE);
      return new CallTelemetry(call, api, this.#tracer, this.#meter(api), this.#labels);
    } catch {
      // A processor of the user's that throws is alone with it.
      return undefined;
    }
  }

  /** Instruments are those of the SDK that was there when they were made: it may come after the guard. */
  #meter(api: OpenTelemetry): Instruments {
    const provider = api.metrics.getMeterProvider();
    if (!this.#instruments || provider !== this.#provider) {
      this.#provider = provider;
      this.#instruments = new Instruments(provider.getMeter(SCOPE), this.#names);
    }
    return this.#instruments;
  }
}
