/** What a command needs of its process. */
export interface Terminal {
  readonly env: NodeJS.ProcessEnv;
  readonly stdout: { isTTY?: boolean; write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

/** The same with an input. */
export interface Console extends Terminal {
  readonly stdin: AsyncIterable<Uint8Array | string> & { isTTY?: boolean };
}

/**
 * What a command ends with.
 * 0: all is well. 1: a check failed, or it could not be done. 2: wrong usage. 3: Google cannot be reached.
 */
export type ExitCode = 0 | 1 | 2 | 3;

/** Wrong usage: its message says what to write instead. */
export class Usage extends TypeError {}

/** Who reads has gone (`gemini-guard doctor | head -1`): that is the end, and no failure. */
export function endWithReader(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}

/** Resolves on Ctrl-C, or when the process is asked to end. A second Ctrl-C ends it at once. */
export function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    const stop = (): void => {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
      resolve();
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
}
