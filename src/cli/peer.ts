import { createRequire } from 'node:module';
import { join } from 'node:path';
import { load } from '../load.ts';

/** A package that the user installs beside this one. */
export type Peer = 'express' | '@google/genai';

/** A package is missing: its message tells the command that installs it. */
export class MissingPeer extends Error {}

/**
 * Loads a peer from the project in which the command runs, else from beside this package.
 * @param who needs it
 * @throws MissingPeer
 */
export function loadPeer(name: Peer, who = 'The demo'): unknown {
  const fromProject = projectRequire();
  for (const from of [fromProject, load]) {
    try {
      return from(name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  throw new MissingPeer(`${who} needs ${name}, which is not installed here. Run: npm install ${name}`);
}

/** `require` as a file of the user's project has it. */
export function projectRequire(): NodeJS.Require {
  return createRequire(join(process.cwd(), 'index.js'));
}
