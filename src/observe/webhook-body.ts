import type { AlertEvent } from './alert.ts';

export type WebhookFormat = 'json' | 'slack';

/** An alert as the receiver reads it. */
export function bodyOf(alert: AlertEvent, format: WebhookFormat): string {
  return JSON.stringify(
    format === 'slack' ? { text: textOf(alert) } : { type: 'gemini_guard.alert', timestamp: alert.at, data: alert },
  );
}

function textOf({ state, severity, summary, cause, cure, failed, requests }: AlertEvent): string {
  if (state === 'resolved') return escaped(`[resolved] ${summary}`);
  const numbers = requests === undefined ? '' : ` ${failed} of ${requests}.`;
  return escaped(`[${severity}] ${summary}${numbers}\nCause: ${cause}\nCure: ${cure}`);
}

/** Slack reads `<!channel>` as a call to everybody: a model name that a visitor has chosen must not make one. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
