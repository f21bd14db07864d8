// The tests of `redis` talk to a real redis-server. Installs it by apt-get where it is missing and that is allowed, else says
// how to get it; exits with 1 if there is none.
import { spawnSync } from 'node:child_process';

const works = (command, ...args) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;
const isThere = () => works('redis-server', '--version') && works('redis-cli', '--version');

if (!isThere() && process.getuid?.() === 0 && works('apt-get', '--version')) {
  works('apt-get', 'update');
  works('apt-get', 'install', '-y', '--no-install-recommends', 'redis-server', 'redis-tools');
}
if (!isThere()) {
  console.error(
    'The tests need redis-server: `apt-get install redis-server`, `brew install redis`, or see https://redis.io.',
  );
  process.exit(1);
}
