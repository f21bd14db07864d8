import { understand } from './errors/understand.ts';
import type { Guard } from './guard.ts';
import { geminiGuard } from './index.ts';
import { shared } from './shared.ts';
import { isGeminiHost } from './upstream/hosts.ts';
import { httpFailure } from './upstream/http-failure.ts';
import { hasPassed } from './upstream/passed.ts';

/**
 * The guard of a process whose SDK takes no `fetch` (@google/genai before 2.23, @google/generative-ai): loading this file
 * puts it under the global fetch, for the hosts of Gemini and Vertex AI alone. In a request the parts of the app's own
 * guard hold.
 * @example node --import gemini-guard/register server.js
 */
export const guard: Guard = shared('register', install);

function install(): Guard {
  const original = globalThis.fetch;
  const made = geminiGuard({ log: false, fetch: (url, init) => original(url, init) });
  globalThis.fetch = async function fetch(input, init) {
    const url = input instanceof Request ? input.url : String(input);
    if (hasPassed(init) || !isGeminiHost(url, process.env)) return original(input, init);
    try {
      // As a Request: the guard knows it again when an SDK repeats it by itself.
      return await made.fetch(new Request(input, init));
    } catch (thrown) {
      const signal = init?.signal ?? (input instanceof Request ? input.signal : undefined);
      if (signal?.aborted) throw signal.reason;
      return httpFailure(understand(thrown));
    }
  };
  return made;
}
