import type { Exchange } from './exchange.ts';
import type { Generated } from './generated.ts';
import type { RouteAnswer } from './good-answers.ts';

interface InteractionRequest {
  readonly model?: string;
  readonly agent?: string;
  readonly stream?: boolean;
}

/** `POST /interactions`: one completed interaction with the model's text, or the events of it. */
export function createInteraction({ call, resources, settings }: Exchange, generated: Generated): RouteAnswer {
  const { model, agent, stream } = (call.body ?? {}) as InteractionRequest;
  const texts = generated.chunks.flat().flatMap((part) => (typeof part.text === 'string' ? [part.text] : []));
  const time = new Date(settings.now()).toISOString();
  const interaction = resources.add('interactions', (id) => ({
    id,
    object: 'interaction',
    status: 'completed',
    ...(model !== undefined && { model }),
    ...(agent !== undefined && { agent }),
    created: time,
    updated: time,
    steps: [{ type: 'model_output', content: [{ type: 'text', text: texts.join('') }] }],
    usage: usageOf(call.promptTokens, texts.join('')),
  }));
  return stream === true ? { events: eventsOf(interaction, texts) } : { body: interaction };
}

function eventsOf(interaction: Readonly<Record<string, unknown>>, texts: readonly string[]): unknown[] {
  const { steps, usage, ...head } = interaction;
  return [
    { event_type: 'interaction.created', interaction: { ...head, status: 'in_progress' } },
    { event_type: 'step.start', index: 0, step: { type: 'model_output' } },
    ...texts.map((text) => ({ event_type: 'step.delta', index: 0, delta: { type: 'text', text } })),
    { event_type: 'step.stop', index: 0 },
    { event_type: 'interaction.completed', interaction: { ...head, usage } },
  ];
}

function usageOf(input: number, text: string): unknown {
  const output = Math.max(1, Math.ceil(text.length / 4));
  return { total_input_tokens: input, total_output_tokens: output, total_tokens: input + output };
}
