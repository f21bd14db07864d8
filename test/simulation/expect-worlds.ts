import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(__dirname, '../..');
/** In two files, so that the workers of jest share them; in a process of its own, which is twice as fast as within jest. */
const EACH = 5000;

/** Plays worlds, and fails with what a broken one says of itself and the command that plays it again. */
export function expectWorldsToHold(part: number): void {
  const from = (part - 1) * EACH + 1;
  test(`no invariant breaks in the worlds of the seeds ${from} to ${part * EACH}`, async () => {
    const args = ['scripts/simulate.mjs', '--from', String(from), '--schedules', String(EACH), '--workers', '1'];
    const run = promisify(execFile)(process.execPath, args, { cwd: ROOT });
    const said = await run.catch((error: { stdout: string; stderr: string }) => error);
    expect(`${said.stdout}${said.stderr}`).toMatch(/\d+ schedules in [\d.]+ s, 0 broken\n$/);
  }, 900_000);
}
