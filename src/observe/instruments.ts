import type { Tokens } from './events.ts';
import type { Attributes, Meter } from './otel.ts';
import { ATTRIBUTE, DURATION_BOUNDARIES, type Semconv, TOKEN_BOUNDARIES } from './semconv.ts';

type Histogram = ReturnType<Meter['createHistogram']>;

const SECONDS = { unit: 's', advice: { explicitBucketBoundaries: DURATION_BOUNDARIES } };
const TOKENS = { unit: '{token}', advice: { explicitBucketBoundaries: TOKEN_BOUNDARIES } };

/** The metrics of calls, by the names of the convention that is in force. */
export class Instruments {
  readonly #duration: Histogram;
  readonly #firstChunk: Histogram;
  readonly #addTokens: (tokens: Tokens, attributes: Attributes) => void;

  constructor(meter: Meter, { duration, firstChunk, tokens }: Semconv) {
    this.#duration = meter.createHistogram(duration, { ...SECONDS, description: 'Duration of calls to the model.' });
    this.#firstChunk = meter.createHistogram(firstChunk, {
      ...SECONDS,
      description: 'Time until the first content of a streamed answer.',
    });
    this.#addTokens = 'histogram' in tokens ? together(meter, tokens) : apart(meter, tokens);
  }

  duration(ms: number, attributes: Attributes): void {
    this.#duration.record(ms / 1000, attributes);
  }

  firstChunk(ms: number, attributes: Attributes): void {
    this.#firstChunk.record(ms / 1000, attributes);
  }

  tokens(tokens: Tokens, attributes: Attributes): void {
    this.#addTokens(tokens, attributes);
  }
}

type Adding = (tokens: Tokens, attributes: Attributes) => void;

function together(meter: Meter, { histogram }: { readonly histogram: string }): Adding {
  const usage = meter.createHistogram(histogram, { ...TOKENS, description: 'Tokens of a call.' });
  return (tokens, attributes) => {
    usage.record(paidInput(tokens), { ...attributes, [ATTRIBUTE.tokenType]: 'input' });
    usage.record(paidOutput(tokens), { ...attributes, [ATTRIBUTE.tokenType]: 'output' });
  };
}

function apart(meter: Meter, { histograms, counters }: Exclude<Semconv['tokens'], { histogram: string }>): Adding {
  const histogram = (name: string) => meter.createHistogram(name, { ...TOKENS, description: 'Tokens of a call.' });
  const counter = (name: string) => meter.createCounter(name, { unit: '{token}', description: 'Tokens of all calls.' });
  const [inputs, outputs] = [histogram(histograms.input), histogram(histograms.output)];
  const [input, output] = [counter(counters.input), counter(counters.output)];
  const [cached, thoughts] = [counter(counters.cached), counter(counters.thoughts)];
  return (tokens, attributes) => {
    inputs.record(paidInput(tokens), attributes);
    outputs.record(paidOutput(tokens), attributes);
    input.add(paidInput(tokens), attributes);
    output.add(paidOutput(tokens), attributes);
    if (tokens.cached > 0) cached.add(tokens.cached, attributes);
    if (tokens.thoughts > 0) thoughts.add(tokens.thoughts, attributes);
  };
}

/** In these conventions the input is all of it, cached or of tools, and the output has the thoughts in it. */
export function paidInput({ input, tools }: Tokens): number {
  return input + tools;
}

export function paidOutput({ output, thoughts }: Tokens): number {
  return output + thoughts;
}
