import { node } from '../node.ts';

/** A secret of this form is base64, as the libraries of Standard Webhooks have it; any other one is taken as it is. */
const ENCODED = 'whsec_';

/** The headers of Standard Webhooks (standardwebhooks.com): HMAC-SHA256 of id, time and body, by which a receiver knows the sender. */
export function signed(secret: string | undefined, id: string, seconds: number, body: string): Record<string, string> {
  const headers = { 'webhook-id': id, 'webhook-timestamp': String(seconds) };
  if (secret === undefined) return headers;
  const key = secret.startsWith(ENCODED) ? Buffer.from(secret.slice(ENCODED.length), 'base64') : secret;
  const signature = node.crypto.createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64');
  return { ...headers, 'webhook-signature': `v1,${signature}` };
}
