// What is tried: not every combination, but every pair of what could matter to each other.
import { MAJORS } from '../node-binary.mjs';

export const SDKS = ['2.23.0', '2.32.0', '3.1.0'];
const TYPESCRIPTS = { 5.4: '5.4.5', 5.9: '5.9.3', '6.0': '6.0.3', '7.0': '7.0.2' };
const RESOLUTIONS = ['nodenext esm', 'nodenext cjs', 'bundler'];
const FORMATS = ['esm', 'cjs'];

/** Fresh projects by name, and what is installed there beside the tarball. */
export const PROJECTS = {
  alone: {},
  tools: Object.fromEntries(Object.entries(TYPESCRIPTS).map(([name, v]) => [`ts-${name}`, `npm:typescript@${v}`])),
  tests: { '@google/genai': '2.32.0', express: '^5', jest: '^30', supertest: '^7', vitest: '^4.1.12' },
};
for (const sdk of SDKS) {
  const typed = { '@types/express': '^5', '@types/node': '^20', '@types/react': '^19', react: '^19' };
  PROJECTS[`express5-${sdk}`] = { '@google/genai': sdk, express: '^5', koa: '^3', ...typed };
  PROJECTS[`express4-${sdk}`] = { '@google/genai': sdk, express: '^4' };
}

/** Each with the project it is for, the Node it runs on, and what is run there. */
export const CELLS = [
  ...MAJORS.flatMap((node, n) =>
    SDKS.flatMap((sdk, s) => [
      // The format changes from one cell to the next, so that each meets every Node and every SDK.
      { project: `express5-${sdk}`, node, sdk, run: 'express5', format: FORMATS[(n + s) % 2] },
      { project: `express4-${sdk}`, node, sdk, run: 'express4', format: FORMATS[(n + s + 1) % 2] },
      { project: `express5-${sdk}`, node, sdk, run: 'koa', format: FORMATS[(n + s) % 2] },
    ]),
  ),
  ...MAJORS.map((node, n) => {
    const sdk = SDKS[n % SDKS.length];
    return { project: `express5-${sdk}`, node, sdk, run: 'register', format: 'esm' };
  }),
  // What SECURITY.md says of Node's permissions. Node 20 has them as an experiment of another name.
  ...MAJORS.slice(1).map((node) => {
    return { project: 'express5-2.32.0', node, sdk: '2.32.0', run: 'permission', format: 'esm' };
  }),
  ...Object.keys(TYPESCRIPTS).flatMap((typescript, t) =>
    RESOLUTIONS.map((resolution, r) => {
      const sdk = SDKS[(t + r) % SDKS.length];
      const node = MAJORS[(t + r) % MAJORS.length];
      return { project: `express5-${sdk}`, node, sdk, run: 'types', format: `TS ${typescript} ${resolution}` };
    }),
  ),
  ...MAJORS.flatMap((node) => [
    { project: 'tests', node, sdk: '2.32.0', run: 'jest', format: 'cjs' },
    { project: 'tests', node, sdk: '2.32.0', run: 'vitest', format: 'esm' },
    { project: 'alone', node, sdk: '', run: 'explain', format: 'cli' },
  ]),
];
