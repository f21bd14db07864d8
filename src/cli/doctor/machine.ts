import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { load } from '../../load.ts';
import { loadPeer, projectRequire } from '../peer.ts';
import { type Check, failed, ok } from './check.ts';

const SDK = '@google/genai';

export function nodeCheck(version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const enough = major > 20 || (major === 20 && minor >= 19);
  if (enough) return ok('node', `Node ${version}`);
  return failed('node', `Node ${version} is too old for this package.`, 'Install Node 20.19 or newer.');
}

/** Whether the SDK is there and lets its calls be guarded: told by what it does, since versions can be aliased. */
export function sdkCheck(): Check {
  let sdk: { GoogleGenAI: new (options: object) => unknown };
  try {
    sdk = loadPeer(SDK, 'The doctor') as typeof sdk;
  } catch {
    return failed('sdk', `${SDK} is not installed here.`, `Run: npm install ${SDK}`);
  }
  const version = versionOf();
  const name = `${SDK}${version === undefined ? '' : ` ${version}`}`;
  const client = new sdk.GoogleGenAI({ vertexai: false, apiKey: 'none' }) as { apiClient?: { getFetch?: unknown } };
  if (typeof client.apiClient?.getFetch === 'function') return ok('sdk', name);
  return failed(
    'sdk',
    `${name} is too old: its calls cannot be guarded.`,
    `Run: npm install ${SDK}@latest (2.23 or newer)`,
  );
}

/** Its package.json is no export of the package: it is found above the file that is loaded. */
function versionOf(): string | undefined {
  let folder = dirname(realpathSync(resolveSdk() ?? '.'));
  while (folder !== dirname(folder)) {
    const manifest = join(folder, 'package.json');
    const { name, version } = existsSync(manifest) ? JSON.parse(readFileSync(manifest, 'utf8')) : {};
    if (name === SDK) return version;
    folder = dirname(folder);
  }
  return undefined;
}

function resolveSdk(): string | undefined {
  for (const from of [projectRequire(), load as Partial<NodeJS.Require>]) {
    try {
      return from.resolve?.(SDK);
    } catch {
      // The other one may find it.
    }
  }
  return undefined;
}
