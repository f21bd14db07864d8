import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { GoogleGenAI } from '@google/genai';
import { type Guard, geminiGuard } from '../index.ts';
import { statusPage } from '../status/index.ts';
import { loadPeer } from './peer.ts';

export const MODEL = 'gemini-3.8-flash';

/** In the shape of a real key and nobody's: what leaks in the demo is this. In two pieces, for secret scanners. */
export const KEY: string = ['AIza', 'SyDEMO-only-nobody-owns-this-key-0000'].join('');

/** Where the guarded server has its status page. */
export const PAGE: string = '/_gemini';

/** A running server of the demo. */
export interface Site {
  readonly url: string;
  close(): Promise<void>;
}

interface Request {
  readonly body: { readonly question: string };
  readonly gemini: GoogleGenAI;
}

interface Response {
  json(body: unknown): void;
}

interface App {
  set(name: string, value: unknown): void;
  use(...handlers: unknown[]): void;
  post(path: string, handler: (req: Request, res: Response) => Promise<void>): void;
  listen(port: number, host: string): Server;
}

/** What everybody writes. */
export async function bareSite(geminiUrl: string): Promise<Site> {
  const app = newApp();
  askRoute(app, clientOf(geminiUrl));
  return listen(app);
}

/** The same and one line more. */
export async function guardedSite(
  geminiUrl: string,
  { attemptMs, maxMs }: { attemptMs: number; maxMs: number },
): Promise<Site> {
  const app = newApp();
  const ai = clientOf(geminiUrl);
  const guard = geminiGuard({ ai, log: false, timeout: { attemptMs }, retry: { maxMs } });
  app.use(PAGE, statusPage(guard));
  app.use(guard);
  askRoute(app, ai);
  return listen(app, guard);
}

/** A guarded server that calls the real Google with the key of the environment. */
export async function liveSite(): Promise<Site> {
  const app = newApp();
  const guard = geminiGuard({ log: false });
  app.use(guard);
  app.post('/ask', async (req, res) => {
    const answer = await req.gemini.models.generateContent({ model: MODEL, contents: req.body.question });
    res.json({ text: answer.text });
  });
  return listen(app, guard);
}

function newApp(): App {
  const express = loadPeer('express') as { (): App; json(): unknown };
  const app = express();
  // Answers as `node server.js` does (stack traces too), but leaves this terminal to the demo.
  app.set('env', 'test');
  app.use(express.json());
  return app;
}

function askRoute(app: App, ai: GoogleGenAI): void {
  app.post('/ask', async (req, res) => {
    const answer = await ai.models.generateContent({ model: MODEL, contents: req.body.question });
    res.json({ text: answer.text });
  });
}

function clientOf(baseUrl: string): GoogleGenAI {
  const { GoogleGenAI } = loadPeer('@google/genai') as typeof import('@google/genai');
  // Whatever the environment says of Vertex: the demo talks to its own fake.
  return new GoogleGenAI({ vertexai: false, apiKey: KEY, httpOptions: { baseUrl } });
}

async function listen(app: App, guard?: Guard): Promise<Site> {
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
      await guard?.close({ graceMs: 0 });
    },
  };
}
