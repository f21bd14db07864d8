// What a visitor gets when Gemini, or the way to it, fails: sixteen faults, a bare and a guarded server.
// A fault is survived when the visitor gets the whole answer, or is told the truth once.
import { FAULTS } from './faults.mjs';
import { openServer } from './server.mjs';

const NAMES = ['bare', 'guarded'];
const survived = { bare: 0, guarded: 0 };

console.log(`${'fault'.padEnd(34)}${'bare SDK'.padEnd(48)}gemini-guard`);
for (const fault of FAULTS) {
  const cells = [];
  for (const name of NAMES) {
    const server = await openServer(name);
    try {
      const wrong = await fault.play(server);
      if (wrong === undefined) survived[name]++;
      cells.push(wrong ?? 'ok');
    } catch (error) {
      cells.push(`broke: ${error instanceof Error ? error.message : error}`);
    } finally {
      await server.close();
    }
  }
  console.log(`${fault.name.padEnd(34)}${cells[0].padEnd(48)}${cells[1]}`);
}
console.log(`\nbare SDK ${survived.bare} of ${FAULTS.length}, gemini-guard ${survived.guarded} of ${FAULTS.length}`);
process.exitCode = survived.guarded === FAULTS.length ? 0 : 1;
