// Installs Debian's Chromium where it is missing, for the tests that run in a real browser. Prints its path.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const path = process.env.CHROMIUM ?? '/usr/bin/chromium';
if (!existsSync(path)) {
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', 'chromium']]) {
    const { status, stderr } = spawnSync('apt-get', args, {
      encoding: 'utf8',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
    if (status === 0) continue;
    console.error(`apt-get ${args.join(' ')} failed. Install Chromium, and set CHROMIUM to its path.\n${stderr ?? ''}`);
    process.exit(1);
  }
}
console.log(path);
