import { load } from '../load.ts';

/** The page before it is filled in. The build writes this file from `ui/`, in both formats (see scripts/page.mjs). */
export const template: () => string = () =>
  (load('../dist/cjs/status/template.js') as { template(): string }).template();
