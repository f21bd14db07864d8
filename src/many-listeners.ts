import { setMaxListeners } from 'node:events';

/** For a signal to which every call under way listens: Node takes more than ten listeners for a leak, and says so. */
export function manyListeners(controller: AbortController): AbortController {
  setMaxListeners(0, controller.signal);
  return controller;
}
