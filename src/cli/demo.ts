#!/usr/bin/env node
import { runDemo } from './run-demo.ts';
import { endWithReader } from './terminal.ts';

endWithReader(process.stdout);

// Not process.exit(): what is still being written must get out, and nothing may be left open anyway.
runDemo(process.argv.slice(2), process).then((code) => {
  process.exitCode = code;
});
