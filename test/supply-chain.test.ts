import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT, run } from './cli/built.ts';

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const MAJORS = [20, 22, 24, 26];

describe('npm run licences', () => {
  const licences = (...args: string[]) => run(['scripts/licences.mjs', ...args]);

  test('finds nothing to complain of', async () => {
    const { code, stdout, stderr } = await licences();
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^\d+ packages, 4 of them direct: /m);
    expect(stdout).toMatch(/^no install scripts, no other licences$/m);
  });

  test.each([
    ['a script that runs at installation', 'async', { hasInstallScript: true }, 'async runs a script'],
    ['a licence that is none of the usual', 'triple-beam', { license: 'AGPL-3.0' }, 'triple-beam: AGPL-3.0?'],
    ['no licence', 'opossum', { license: undefined }, 'opossum: undefined?'],
  ])('fails for %s, however deep it is', async (_what, name, change, complaint) => {
    const folder = mkdtempSync(join(tmpdir(), 'gemini-guard-'));
    const lock = JSON.parse(read('package-lock.json'));
    Object.assign(lock.packages[`node_modules/${name}`], change);
    writeFileSync(join(folder, 'lock.json'), JSON.stringify(lock));
    const { code, stderr } = await licences(join(folder, 'lock.json'));
    rmSync(folder, { recursive: true });
    expect(code).toBe(1);
    expect(stderr).toContain(complaint);
  });
});

describe('workflows', () => {
  const files = readdirSync(join(ROOT, '.github/workflows'));

  test.each(files)('%s takes actions by their commit, and may write nothing to the repository', (file) => {
    const text = read(`.github/workflows/${file}`);
    const used = [...text.matchAll(/uses: (\S+)/g)].map(([, action]) => action);
    expect(used.length).toBeGreaterThan(0);
    expect(used.filter((action) => !/@[\da-f]{40}$/.test(action as string))).toEqual([]);
    expect(text).not.toMatch(/contents: write|secrets\.|NODE_AUTH_TOKEN/);
  });

  test('ci runs what the README says, on every Node that is promised', () => {
    const text = read('.github/workflows/ci.yml');
    expect(text).toContain(`node: [${MAJORS.join(', ')}]`);
    expect(text).toContain('- run: npm ci && npm test');
    expect(read('README.md')).toContain('npm ci && npm test');
    expect(read('.ci/run')).toMatch(/^npm ci && npm test$/m);
    expect(read('scripts/node-binary.mjs')).toContain(`[${MAJORS.map((major) => `'${major}'`).join(', ')}]`);
  });

  test('publish tests first, and publishes with an identity in the place of a token', () => {
    const text = read('.github/workflows/publish.yml');
    const [tested, published] = ['npm ci && npm test', 'npm publish --provenance'].map((step) => text.indexOf(step));
    expect(tested).toBeGreaterThan(0);
    expect(published).toBeGreaterThan(tested as number);
    expect(text).toContain('id-token: write');
  });
});
