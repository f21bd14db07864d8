/** Waits, and rejects as soon as the signal aborts or `beside` rejects. Leaves no timer and no listener. */
export function pause(ms: number, signal: AbortSignal | null | undefined, beside?: unknown): Promise<void> {
  let timer: ReturnType<typeof setTimeout>;
  let stop: () => void;
  return new Promise<void>((resolve, reject) => {
    stop = () => reject(signal?.reason);
    timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', stop);
    Promise.resolve(beside).catch(reject);
  }).finally(() => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
  });
}
