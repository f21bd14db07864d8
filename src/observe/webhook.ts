import { type Clock, systemClock } from '../clock.ts';
import { node } from '../node.ts';
import { duration, either, type Rule, readOptions } from '../options.ts';
import type { AlertHook } from './alert-options.ts';
import { post } from './post.ts';
import { bodyOf, type WebhookFormat } from './webhook-body.ts';
import { Deliveries, type WebhookStatus } from './webhook-deliveries.ts';
import { signed } from './webhook-signature.ts';

export interface WebhookOptions {
  /** Where alerts are posted. It may be a secret itself, as Slack's are: nothing shows it. */
  url: string;
  /**
   * Signs what is posted, so that the receiver can tell it from what others post. At least 16 characters.
   * @default none the receiver trusts whoever knows its address, as Slack does
   */
  secret?: string;
  /**
   * `'json'`: `{ type, timestamp, data }` with the alert as data. `'slack'`: one text, for an incoming webhook.
   * @default 'json' the form that most receivers can be taught
   */
  format?: WebhookFormat;
  /**
   * How long one try may take.
   * @default 5_000 a receiver that thinks for longer should answer first
   */
  timeoutMs?: number;
}

/** Posts alerts; to be given to `alerts.onAlert`. */
export interface Webhook extends AlertHook {
  /** Nobody has to wait for it. False: not delivered. */
  (alert: Parameters<AlertHook>[0]): Promise<boolean>;
  status(): WebhookStatus;
  /** Aborts what is under way and drops what waits. A guard that it was given to does this when it closes. */
  close(): Promise<void>;
}

const url: Rule = {
  expected: 'an address with http: or https:, without user and password',
  test: (value) => {
    if (typeof value !== 'string' || !URL.canParse(value)) return false;
    const { protocol, username, password } = new URL(value);
    return /^https?:$/.test(protocol) && username === '' && password === '';
  },
};
const secret = either('a string of at least 16 characters', (value) => typeof value === 'string' && value.length >= 16);
const format = either("'json' or 'slack'", (value) => value === 'json' || value === 'slack');

/**
 * Posts each alert to an address, one after the other, in the background.
 * @param clock for tests
 * @throws TypeError naming the option that is unknown or wrong, never its value
 */
export function webhook(options: WebhookOptions, clock: Clock = systemClock): Webhook {
  const rules = { url, secret, format, timeoutMs: duration() };
  const given = readOptions('webhook', options, rules, { format: 'json' as const, timeoutMs: 5_000 });
  if (given.url === undefined) throw new TypeError(`webhook: \`url\` must be ${url.expected}; got nothing.`);
  const to = new URL(given.url);
  const deliveries = new Deliveries(clock, ({ id, body, signal }) => {
    const headers = signed(given.secret, id, Math.floor(clock.date() / 1000), body);
    return post({ url: to, headers, body, timeoutMs: given.timeoutMs, signal }, clock);
  });
  const hook = (alert: Parameters<AlertHook>[0]): Promise<boolean> =>
    deliveries.add({ id: `msg_${node.crypto.randomUUID()}`, body: bodyOf(alert, given.format) });
  return Object.assign(hook, { status: () => deliveries.status(), close: () => deliveries.close() });
}
