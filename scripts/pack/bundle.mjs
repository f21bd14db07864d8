// What a bundler makes of one name of the package: `node scripts/pack/bundle.mjs <project>` prints it as JSON.
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const NAMES = ['compose', 'GeminiError', 'understand', 'sendStream', 'retry', 'geminiGuard'];

/** By name: the bytes of the minified bundle, and the packages that are in it. */
export function bundles(project) {
  return Object.fromEntries(NAMES.map((name) => [name, bundle(project, name)]));
}

function bundle(project, name) {
  const { metafile } = buildSync({
    stdin: { contents: `export { ${name} } from 'gemini-guard';`, resolveDir: project },
    ...{ bundle: true, minify: true, format: 'esm', platform: 'node', external: ['@google/genai'] },
    ...{ metafile: true, write: false, logLevel: 'error' },
  });
  const [{ bytes, inputs }] = Object.values(metafile.outputs);
  const used = Object.keys(inputs).filter((file) => inputs[file].bytesInOutput > 0);
  const packages = used.map((file) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? file);
  return { bytes, packages: [...new Set(packages)].sort() };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(JSON.stringify(bundles(process.argv[2])));
