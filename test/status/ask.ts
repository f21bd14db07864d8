import { request } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** One request of node:http: fetch would let nobody choose `Host`. */
export function ask(
  url: string,
  headers: Record<string, string> = {},
  { method = 'GET', address }: { method?: string; address?: string } = {},
): Promise<Answer> {
  const { hostname, port, pathname, search } = new URL(url);
  return new Promise((resolve, reject) => {
    const options = { host: address ?? hostname, port, path: pathname + search, method, headers, agent: false };
    const asking = request(options, (res) => {
      let body = '';
      res.setEncoding('utf8');
      res.on('data', (chunk: string) => (body += chunk));
      res.on('end', () => resolve({ status: res.statusCode ?? 0, headers: res.headers, body }));
    });
    asking.on('error', reject);
    asking.end();
  });
}
