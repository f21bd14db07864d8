import { type Paint, span } from './screen.ts';
import { liveSite, MODEL } from './servers.ts';
import { visit } from './visitor.ts';

const QUESTIONS = [
  'In one sentence: what does a circuit breaker do?',
  'In one sentence: what is full jitter?',
  'In one sentence: why do day quotas exist?',
];
const PATIENCE_MS = 120_000;

/** Asks the real Gemini through a guarded server. True if every question was answered. */
export async function live(print: (text: string) => void, paint: Paint): Promise<boolean> {
  const site = await liveSite();
  let answered = true;
  try {
    print(paint('bold', `A guarded server asks the real ${MODEL}.`));
    for (const question of QUESTIONS) {
      const { kind, status, code, text, ms } = await visit(site.url, question, PATIENCE_MS);
      answered &&= kind === 'answer';
      print(`\n${question}`);
      print(
        kind === 'answer'
          ? `${paint('green', text.trim())} ${paint('dim', span(ms))}`
          : `${paint('red', `${status ?? 'no answer'} ${code ?? kind}`)} ${paint('dim', span(ms))}`,
      );
    }
  } finally {
    await site.close();
  }
  return answered;
}
