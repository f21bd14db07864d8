import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeOf } from '../node-binary.mjs';
import { ROOT } from './tarball.mjs';

const SOURCES = join(ROOT, 'scripts/pack/projects');

/** Runs one cell in its project; resolves with what went wrong, or with nothing. */
export async function runCell(cell, projects) {
  const folder = join(projects, cell.project);
  return RUNS[cell.run](cell, folder, projects);
}

const RUNS = { express5: server, express4: server, koa: server, register, permission, types, jest, vitest, explain };

/** What each project has to have beside its node_modules. */
export function writeSources(folder) {
  for (const name of ['check', 'express5', 'express4', 'koa']) {
    const source = readFileSync(join(SOURCES, `${name}.mjs`), 'utf8');
    writeFileSync(join(folder, `${name}.mjs`), source);
    writeFileSync(join(folder, `${name}.cjs`), commonJs(source));
  }
  for (const name of ['register.mjs', 'vitest.test.mjs']) cpSync(join(SOURCES, name), join(folder, name));
  cpSync(join(ROOT, 'examples/testing-with-supertest'), folder, { recursive: true });
}

async function server({ run, format, node }, folder) {
  return said('checked', nodeOf(node), [`${run}.${format === 'esm' ? 'mjs' : 'cjs'}`], folder);
}

async function register({ node }, folder) {
  return said('checked', nodeOf(node), ['--import', 'gemini-guard/register', 'register.mjs'], folder);
}

async function permission({ node }, folder) {
  // Node 26 asks for the network too; an older one does not know that flag.
  const net = Number(node) >= 26 ? ['--allow-net'] : [];
  return said('checked', nodeOf(node), ['--permission', `--allow-fs-read=${folder}`, ...net, 'express5.mjs'], folder);
}

async function jest({ node }, folder) {
  return said('4 passed', nodeOf(node), ['node_modules/jest/bin/jest.js', '--ci', 'app.test'], folder);
}

async function vitest({ node }, folder) {
  const args = ['node_modules/vitest/vitest.mjs', 'run', 'vitest.test.mjs'];
  return said('1 passed', nodeOf(node), args, folder);
}

async function explain({ node }, folder) {
  const args = ['node_modules/gemini-guard/dist/import/cli/gemini-guard.js', 'explain', '503 The model is overloaded.'];
  return said('model_overloaded', nodeOf(node), args, folder);
}

/** Compiles app.ts as a project of its own, and runs what came of it. */
async function types({ format, node }, folder, projects) {
  const [, typescript, resolution, kind] = format.split(' ');
  const extension = kind === 'cjs' ? 'cts' : 'ts';
  const name = format.replaceAll(/\W/g, '-');
  const place = join(folder, name);
  mkdirSync(place, { recursive: true });
  const source = readFileSync(join(SOURCES, 'app.ts'), 'utf8');
  const check = kind === 'cjs' ? 'check.cjs' : 'check.mjs';
  writeFileSync(join(place, `app.${extension}`), source.replace('check.mjs', check));
  cpSync(join(folder, check), join(place, check));
  writeFileSync(join(place, 'package.json'), '{ "type": "module" }\n');
  const module = resolution === 'bundler' ? 'esnext' : 'nodenext';
  // Declarations are checked too where that is quick, or once for each compiler. Not in CommonJS before TypeScript 5.8:
  // the SDK has no declarations for `require`, so that whoever names its types has an error there (TS1479).
  const skipLibCheck = typescript !== '7.0' && kind !== 'esm';
  const compilerOptions = {
    ...{ module, moduleResolution: resolution, target: 'es2022', lib: ['es2022', 'dom'], types: ['node'] },
    ...{ strict: true, exactOptionalPropertyTypes: true, esModuleInterop: true, skipLibCheck },
    ...{ allowJs: true, checkJs: false, rootDir: '.', outDir: 'out' },
  };
  writeFileSync(join(place, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: [`app.${extension}`, check] }));
  const tsc = join(projects, `tools/node_modules/ts-${typescript}/bin/tsc`);
  const { output } = await ended(process.execPath, [tsc, '-p', '.'], place);
  const errors = output.split('\n').filter((line) => /error TS/.test(line) && !foreign(line));
  if (errors.length > 0) return errors.join('\n');
  return said('checked', nodeOf(node), [`out/app.${kind === 'cjs' ? 'cjs' : 'js'}`], place);
}

/** An error in the declarations of others. */
function foreign(line) {
  return line.includes('node_modules/') && !line.includes('node_modules/gemini-guard/');
}

async function said(word, command, args, cwd) {
  const { code, output } = await ended(command, args, cwd);
  return code === 0 && output.includes(word) ? undefined : `exit code ${code}\n${output}`;
}

function ended(command, args, cwd) {
  const kept = Object.entries(process.env).filter(([name]) => !/^(?:GEMINI|GOOGLE|NODE_OPTIONS|npm_)/.test(name));
  const child = spawn(command, args, { cwd, env: Object.fromEntries(kept), timeout: 120_000 });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  return new Promise((resolve) => child.once('close', (code, signal) => resolve({ code: code ?? signal, output })));
}

/** The same module as its author would write it in CommonJS. */
function commonJs(source) {
  const names = [...source.matchAll(/^export (?:async )?function (\w+)/gm)].map(([, name]) => name);
  const body = source
    .replaceAll(
      /^import (.+) from '(.+)';$/gm,
      (_, what, from) => `const ${what} = require('${from.replace('.mjs', '.cjs')}');`,
    )
    .replaceAll(/^export /gm, '');
  return names.length > 0 ? `${body}\nmodule.exports = { ${names.join(', ')} };\n` : body;
}
