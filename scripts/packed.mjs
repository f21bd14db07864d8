// The package as a project has it that installed it: .cache/packed/node_modules/gemini-guard, out of the tarball. What it
// depends on is found further up. Tests and examples run against it.
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { ROOT, run, tarball } from './pack/tarball.mjs';

const project = `${ROOT}.cache/packed`;
const modules = `${project}/node_modules`;

rmSync(project, { recursive: true, force: true });
mkdirSync(modules, { recursive: true });
const { file } = tarball(project);
const { status, stderr } = run('tar', ['-xzf', file, '-C', modules]);
if (status !== 0) throw new Error(`tar failed:\n${stderr}`);
renameSync(`${modules}/package`, `${modules}/gemini-guard`);
renameSync(file, `${project}/gemini-guard.tgz`);
// Last, for whoever waits for it. Without it `gemini-guard` would be the package above, by self-reference.
writeFileSync(`${project}/package.json`, '{ "private": true }\n');
