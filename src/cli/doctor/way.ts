import { lookup } from 'node:dns/promises';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { understand } from '../../errors/understand.ts';
import { span } from '../screen.ts';
import { type Check, failed, failedBy, ok, skipped, type Visit, warning } from './check.ts';
import { usesVertex } from './environment.ts';

const TRIES = 3;
/** A clock this far off still works for API keys, but dates in answers and signed tokens are read wrongly. */
const SKEW_WARNING_MS = 30_000;
/** Google refuses signed tokens that are older or newer by more, and certificates look expired. */
const SKEW_FAILED_MS = 300_000;

/** DNS, TCP, TLS and HTTP, one upon the other: what follows a failure is left out. */
export async function wayChecks(base: URL, visit: Visit): Promise<Check[]> {
  const checks: Check[] = [];
  const host = base.hostname.replace(/^\[|\]$/g, '');
  const port = Number(base.port || (base.protocol === 'https:' ? 443 : 80));
  const steps: [string, () => Promise<Check[]>][] = [
    ['dns', async () => [await dnsCheck(host, visit)]],
    ['tcp', async () => [await tcpCheck(host, port, visit)]],
    ['tls', async () => [await tlsCheck(base, host, port, visit)]],
    ['http', () => httpChecks(base, visit)],
  ];
  for (const [name, step] of steps) {
    const before = checks.find(({ status }) => status === 'failed');
    checks.push(...(before ? [skipped(name, `Left out, because ${before.name} failed.`)] : await step()));
  }
  return checks;
}

async function dnsCheck(host: string, { timeoutMs }: Visit): Promise<Check> {
  if (isIP(host)) return skipped('dns', 'The address is a number.');
  const begun = performance.now();
  try {
    const addresses = await inTime(lookup(host, { all: true }), timeoutMs, () => {});
    return ok(
      'dns',
      `${host} has ${addresses.length === 1 ? 'an address' : `${addresses.length} addresses`}.`,
      performance.now() - begun,
    );
  } catch (error) {
    return failedBy('dns', error, `${host} has no address (${codeOf(error)}).`);
  }
}

async function tcpCheck(host: string, port: number, { timeoutMs }: Visit): Promise<Check> {
  const times: number[] = [];
  try {
    for (let i = 0; i < TRIES; i++) {
      times.push(await opened(() => connect({ host, port }), 'connect', timeoutMs));
    }
    return ok('tcp', `Port ${port} answers in ${span(median(times))} (middle of ${TRIES}).`, median(times));
  } catch (error) {
    return failedBy('tcp', error, `Port ${port} does not answer (${codeOf(error)}).`);
  }
}

async function tlsCheck(base: URL, host: string, port: number, { timeoutMs }: Visit): Promise<Check> {
  if (base.protocol !== 'https:') {
    const local = /^(?:localhost|127\.|::1$)/.test(host);
    if (local) return skipped('tls', 'The address is http, on this machine.');
    return warning('tls', 'The address is http: keys and prompts go over the network for all to read.', 'Use https.');
  }
  try {
    const servername = isIP(host) ? {} : { servername: host };
    const ms = await opened(() => connectTls({ host, port, ...servername }), 'secureConnect', timeoutMs);
    return ok('tls', 'The certificate is trusted.', ms);
  } catch (error) {
    return failedBy('tls', error, `The TLS handshake failed (${codeOf(error)}).`);
  }
}

/** A call without a key: Google refuses it as an API does, and all else answers otherwise. */
async function httpChecks(base: URL, { timeoutMs, now, env }: Visit): Promise<Check[]> {
  const path = usesVertex(env) ? 'v1beta1/publishers/google/models?pageSize=1' : 'v1beta/models?pageSize=1';
  const times: number[] = [];
  try {
    let skew: Check = skipped('clock', 'The answer had no Date.');
    for (let i = 0; i < TRIES; i++) {
      const begun = performance.now();
      const response = await fetch(new URL(path, withSlash(base)), {
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMs),
      });
      const at = now();
      times.push(performance.now() - begun);
      const body = await response.text();
      const page = pageCheck(response, body);
      if (page !== undefined) return [page];
      skew = clockCheck(response.headers.get('date'), at) ?? skew;
    }
    return [ok('http', `It answers in ${span(median(times))} (middle of ${TRIES}).`, median(times)), skew];
  } catch (error) {
    const late = (error as Error).name === 'TimeoutError';
    if (late) return [failedBy('http', { error: { code: 504 } }, `No answer within ${span(timeoutMs)}.`)];
    return [failedBy('http', error, `The connection broke (${codeOf(error)}).`)];
  }
}

/** A proxy, a captive portal, or Google's front end instead of the API. */
function pageCheck(response: Response, body: string): Check | undefined {
  const { status } = response;
  if (status >= 300 && status < 400)
    return failedBy('http', '<html>', `A redirect (${status}) in the place of the API: a proxy or a portal.`);
  const html = /html/i.test(response.headers.get('content-type') ?? '') || /^\s*</.test(body);
  if (!html) return undefined;
  const error = understand(body, { status });
  // Whatever its status says: a page where JSON is due says that something else answers.
  const kind = error.kind === 'ip_blocked' ? error : understand('<html>', { status: 200 });
  return failedBy(
    'http',
    kind,
    `A web page (${status}) in the place of the API: a proxy, a portal, or a wrong address.`,
  );
}

/** @param at when the answer came, by the clock of this machine */
export function clockCheck(date: string | null, at: number): Check | undefined {
  const theirs = Date.parse(date ?? '');
  if (Number.isNaN(theirs)) return undefined;
  // Dates have no fractions: the middle of that second.
  const skewMs = at - (theirs + 500);
  const said = `This clock is ${span(Math.abs(skewMs))} ${skewMs > 0 ? 'ahead' : 'behind'}.`;
  const cure = 'Synchronise the clock (NTP): signed tokens, certificates and the times in answers depend on it.';
  if (Math.abs(skewMs) > SKEW_FAILED_MS) return failed('clock', said, cure);
  if (Math.abs(skewMs) > SKEW_WARNING_MS) return warning('clock', said, cure);
  return ok('clock', Math.abs(skewMs) < 2000 ? 'This clock is right.' : said);
}

/** How long it takes until the socket says so. */
async function opened(open: () => Socket, event: 'connect' | 'secureConnect', timeoutMs: number): Promise<number> {
  const begun = performance.now();
  const socket = open();
  try {
    const done = new Promise<void>((resolve, reject) => {
      socket.once(event, resolve);
      socket.once('error', reject);
    });
    await inTime(done, timeoutMs, () => socket.destroy());
    return performance.now() - begun;
  } finally {
    socket.destroy();
  }
}

async function inTime<T>(promise: Promise<T>, ms: number, giveUp: () => void): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      giveUp();
      reject(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT', errno: -110 }));
    }, ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function codeOf(error: unknown): string {
  const { code, cause, errors } = error as {
    code?: unknown;
    cause?: { code?: unknown };
    errors?: { code?: unknown }[];
  };
  const found = code ?? cause?.code ?? errors?.[0]?.code;
  return typeof found === 'string' && /^\w{1,60}$/.test(found) ? found : 'no code';
}

function median(times: readonly number[]): number {
  return [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;
}

/** Without it the last part of the path would be replaced. */
function withSlash(base: URL): string {
  return base.href.replace(/\/?$/, '/');
}
