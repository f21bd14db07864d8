// What is installed with the package: each dependency with its version and licence, out of the lock file. It fails where a
// licence is none of those below, or where a dependency runs a script when it is installed. `npm run licences [lock file]`
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const file = process.argv[2] ?? fileURLToPath(new URL('../package-lock.json', import.meta.url));
const { packages } = JSON.parse(readFileSync(file, 'utf8'));
const WELCOME = ['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', '0BSD', 'BlueOak-1.0.0'];

const root = packages[''];
const ours = treeOf(Object.keys(root.dependencies));
/** The one peer that everybody has; what it brings is its own choice, and shown for completeness. */
const sdk = treeOf(['@google/genai']).filter((at) => !ours.includes(at));

for (const at of ours) {
  const { version, license } = packages[at];
  const direct = Object.hasOwn(root.dependencies, nameOf(at)) ? 'direct' : '';
  console.log(`${nameOf(at).padEnd(28)} ${version.padEnd(10)} ${(license ?? 'none').padEnd(14)} ${direct}`.trimEnd());
}
console.log(`\n${ours.length} packages, ${Object.keys(root.dependencies).length} of them direct: ${counted(ours)}`);
console.log(`the peer @google/genai brings ${sdk.length} more: ${counted(sdk)}`);
const theirs = sdk.filter(runsScript).map(nameOf);
if (theirs.length > 0) console.log(`of those run a script when installed: ${theirs.join(', ')}`);

const failures = [
  ...ours.filter(runsScript).map((at) => `${nameOf(at)} runs a script when it is installed`),
  ...ours
    .filter((at) => !WELCOME.includes(packages[at].license))
    .map((at) => `${nameOf(at)}: ${packages[at].license}?`),
];
for (const failure of failures) console.error(failure);
console.log(failures.length === 0 ? 'no install scripts, no other licences' : `${failures.length} failures`);
process.exit(failures.length === 0 ? 0 : 1);

/** Where in the lock file these packages and all that they need are. */
function treeOf(names) {
  const found = new Set();
  const open = names.map((name) => placeOf('', name));
  for (let at = open.shift(); at !== undefined; at = open.shift()) {
    if (found.has(at)) continue;
    found.add(at);
    const { dependencies = {}, optionalDependencies = {} } = packages[at];
    open.push(...Object.keys({ ...dependencies, ...optionalDependencies }).map((name) => placeOf(at, name)));
  }
  return [...found].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

/** As Node looks for it: from the folder of who asks up to the top. */
function placeOf(from, name) {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('node_modules/') - 1))) {
    const place = at === '' ? `node_modules/${name}` : `${at}/node_modules/${name}`;
    if (packages[place] !== undefined) return place;
    if (at === '') throw new Error(`${name}, which ${from || 'the package'} needs, is not in ${file}`);
  }
}

function nameOf(at) {
  return at.slice(at.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

function runsScript(at) {
  return packages[at].hasInstallScript === true;
}

function counted(tree) {
  const counts = new Map();
  for (const at of tree) counts.set(packages[at].license, (counts.get(packages[at].license) ?? 0) + 1);
  return [...counts].map(([license, n]) => `${n} ${license}`).join(', ');
}
