// One trial, as JSON: `node bench/quota/one.mjs '{"processes":4,"limits":{"rpm":300},"redis":"redis://127.0.0.1:6379"}'`
import { trial } from './trial.mjs';

console.log(JSON.stringify(await trial(JSON.parse(process.argv[2]))));
