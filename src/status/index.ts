export type { StatusPageOptions } from './options.ts';
export { type StatusPage, statusPage } from './status-page.ts';
