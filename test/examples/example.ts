import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { cleanEnv, ended, ROOT } from '../cli/built.ts';

export interface Example {
  readonly server: ChildProcess;
  readonly url: string;
  /** What it has written so far. */
  log(): string;
  ask(): Promise<Response>;
  stop(): Promise<void>;
}

/** Starts a server of examples/ as its first lines say. */
export async function startExample(name: string, env: Record<string, string>): Promise<Example> {
  const file = join(ROOT, `examples/${name}/index.mjs`);
  const server = spawn(process.execPath, [file], { env: cleanEnv({ ...env, PORT: env.PORT ?? '0' }) });
  let log = '';
  const url = await new Promise<string>((resolve, reject) => {
    server.stdout.on('data', (chunk) => {
      log += chunk;
      const listening = /listening on (\S+)/.exec(log)?.[1];
      if (listening) resolve(listening);
    });
    server.stderr.on('data', (chunk) => (log += chunk));
    server.once('exit', () => reject(new Error(`examples/${name} has ended:\n${log}`)));
  });
  return {
    server,
    url,
    log: () => log,
    ask: () =>
      fetch(`${url}/ask`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ question: 'Why is the sky blue?' }),
      }),
    async stop() {
      const end = ended(server);
      server.kill('SIGTERM');
      await end;
    },
  };
}
