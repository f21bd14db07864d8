#!/usr/bin/env node
import { main } from './main.ts';
import { endWithReader } from './terminal.ts';

endWithReader(process.stdout);
endWithReader(process.stderr);
// Not process.exit(): what is still being written must get out, and nothing may be left open anyway.
main(process.argv.slice(2), process).then((code) => {
  process.exitCode = code;
});
