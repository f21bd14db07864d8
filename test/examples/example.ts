import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cleanEnv, ended, ensurePacked, PACKED, ROOT } from '../cli/built.ts';

export interface Example {
  readonly server: ChildProcess;
  readonly url: string;
  /** What it has written so far. */
  log(): string;
  ask(signal?: AbortSignal): Promise<Response>;
  stop(): Promise<void>;
}

/** A folder of examples/, copied to where `gemini-guard` is the package that would be published. */
export async function packedExample(name: string): Promise<{ folder: string; remove(): void }> {
  await ensurePacked();
  const folder = mkdtempSync(join(PACKED, `${name}-`));
  cpSync(join(ROOT, 'examples', name), folder, { recursive: true });
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Starts a server of examples/ as its first lines say. */
export async function startExample(name: string, env: Record<string, string>): Promise<Example> {
  const { folder, remove } = await packedExample(name);
  const example = await startServer(join(folder, 'index.mjs'), env);
  const stop = (): Promise<void> => example.stop().finally(remove);
  return { ...example, stop };
}

/** Starts a script that says where it listens. */
export async function startServer(file: string, env: Record<string, string>): Promise<Example> {
  const server = spawn(process.execPath, [file], { env: cleanEnv({ ...env, PORT: env.PORT ?? '0' }) });
  let log = '';
  const url = await new Promise<string>((resolve, reject) => {
    const hear = (chunk: unknown): void => {
      log += chunk;
      const listening = /listening on (\S+)/.exec(log)?.[1];
      if (listening) resolve(listening.replace('[::1]', 'localhost'));
    };
    server.stdout.on('data', hear);
    server.stderr.on('data', hear);
    server.once('exit', () => reject(new Error(`${file} has ended:\n${log}`)));
  });
  return {
    server,
    url,
    log: () => log,
    ask: (signal) =>
      fetch(`${url}/ask`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ question: 'Why is the sky blue?' }),
        ...(signal ? { signal } : {}),
      }),
    async stop() {
      const end = ended(server);
      server.kill('SIGTERM');
      await end;
    },
  };
}
