// Writes what docs/ tells of the code: errors, options, events, metrics. `npm run docs [folder]`, after `npm run build`.
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { errorsPage } from './docs/errors.mjs';
import { eventsPage } from './docs/events.mjs';
import { metricsPage } from './docs/metrics.mjs';
import { optionsPage, partTable } from './docs/options.mjs';

const docs = fileURLToPath(new URL('../docs', import.meta.url));
const folder = process.argv[2] ?? docs;
const parts = join(folder, 'parts');

mkdirSync(folder, { recursive: true });
if (folder !== docs) cpSync(join(docs, 'parts'), parts, { recursive: true });

const PAGES = { errors: errorsPage, options: optionsPage, events: eventsPage, metrics: metricsPage };
for (const [name, page] of Object.entries(PAGES)) writeFileSync(join(folder, `${name}.md`), page());

// The pages of the parts are written by hand around their tables.
for (const file of readdirSync(parts)) {
  const page = readFileSync(join(parts, file), 'utf8');
  const filled = page.replace(
    /(<!-- options (\w+) -->\n)[\s\S]*?(<!-- end -->)/g,
    (_, begin, part, end) => `${begin}\n${partTable(part)}\n\n${end}`,
  );
  if (filled !== page) writeFileSync(join(parts, file), filled);
}
