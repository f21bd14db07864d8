// Writes schema/problem.schema.json and schema/openapi.json from the table that the TypeScript union is checked against.
// `node scripts/schema.mjs [folder]`, after `npm run build`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CODES, KINDS } from '../dist/esm/errors/kinds.js';

const folder = process.argv[2] ?? fileURLToPath(new URL('../schema', import.meta.url));
const sources = [...new Set(Object.values(KINDS).map(({ source }) => source))].sort();

// No `format`: validators that do not know one refuse the whole schema.
const properties = {
  type: { type: 'string', description: 'URI reference: `urn:gemini-guard:<code>`, or a link to documentation.' },
  title: { type: 'string', description: 'The same for all problems of a code.' },
  status: { type: 'integer', minimum: 400, maximum: 599 },
  detail: { type: 'string', description: 'One sentence that is safe to show to the visitor.' },
  instance: { type: 'string', description: 'URI reference that names this one occurrence.' },
  code: {
    type: 'string',
    enum: Object.keys(CODES),
    description: 'What to switch on. A new one is a new minor version: treat what you do not know as `internal`.',
  },
  retryable: {
    type: 'boolean',
    description: 'Whether the same request may succeed later without anybody changing anything.',
  },
  retryAfterMs: {
    type: 'integer',
    minimum: 0,
    description: 'How long to wait, in milliseconds; absent where waiting does not help or nobody knows.',
  },
  source: {
    type: 'string',
    enum: sources,
    description: 'Whose act made the failure: that of Google, of the guard, or of the caller.',
  },
  requestId: { type: 'string' },
  kind: { type: 'string', enum: Object.keys(KINDS), description: 'Only with `expose: true`.' },
  upstream: { type: 'object', description: 'Only with `expose: true`: what Google said, keys removed.' },
  attempts: { type: 'integer', minimum: 0, description: 'Only with `expose: true`.' },
};
const optional = ['retryAfterMs', 'kind', 'upstream', 'attempts'];
const problem = {
  title: 'Problem',
  description: 'The body of every failed answer: RFC 9457 problem details plus the members that a frontend needs.',
  type: 'object',
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
  properties,
};
const $ref = '#/components/schemas/Problem';

write('problem.schema.json', {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'urn:gemini-guard:problem.schema.json',
  ...problem,
});
write('openapi.json', {
  openapi: '3.1.0',
  info: { title: 'gemini-guard', version: '1.0.0', description: 'Refer to its components from your own document.' },
  components: {
    schemas: { Problem: problem },
    responses: {
      Problem: {
        description: 'The request failed; the body says why, and whether trying again helps.',
        headers: {
          'Retry-After': { description: 'Seconds to wait, where that helps.', schema: { type: 'integer', minimum: 0 } },
          'X-Request-Id': { schema: { type: 'string' } },
          'X-Should-Retry': { description: '`false` where trying again is hopeless.', schema: { const: 'false' } },
        },
        content: {
          'application/problem+json': { schema: { $ref } },
          'application/json': { schema: { $ref } },
        },
      },
    },
  },
});

function write(name, document) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), `${JSON.stringify(document, undefined, 2)}\n`);
}
