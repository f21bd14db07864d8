// The status page as one text, from ui/: its style, its script and the charts in it. `%%nonce%%` and what the server fills in stay.
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildSync, transformSync } from 'esbuild';

const file = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const read = (path) => readFileSync(file(path), 'utf8');

/** @param folders where the compiled module is that gives the page */
export function writePage(folders) {
  const page = buildPage();
  for (const [folder, head] of Object.entries(folders)) {
    writeFileSync(`${folder}/status/template.js`, `${head} () => ${JSON.stringify(page)};\n`);
  }
  // uPlot is in it, whose licence asks for this.
  copyFileSync(file('node_modules/uplot/LICENSE'), file('dist/uPlot.LICENSE'));
}

export function buildPage() {
  const [built] = buildSync({
    entryPoints: [file('ui/page.js')],
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    legalComments: 'none',
    charset: 'ascii',
    write: false,
  }).outputFiles;
  const licence = '/* uPlot 1.6.32, https://github.com/leeoniya/uPlot, (c) Leon Sorokin, MIT */';
  const own = transformSync(read('ui/style.css'), { loader: 'css', minify: true }).code;
  const charts = transformSync(read('node_modules/uplot/dist/uPlot.min.css'), { loader: 'css', minify: true }).code;
  const parts = { style: charts.trim() + own.trim(), script: licence + built.text.trim() };
  // Between tags nothing is said by white space.
  const html = read('ui/index.html').replace(/>\s+</g, '><').replace(/\n\s*/g, ' ');
  return html.replace(/%%(style|script)%%/g, (_, name) => parts[name]).trim();
}
