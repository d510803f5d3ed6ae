// Runs the browser tests in one process, so that they share one browser: all of them, or those of the rungs named.
//   node --test-reporter=spec tests/browser/run.mjs [05-keep-alive ...]

import { readdirSync } from "node:fs";

const here = new URL(".", import.meta.url);
const wanted = process.argv.slice(2);
const files = readdirSync(here).filter((name) => name.endsWith(".test.mjs")).sort();
const chosen = files.filter((name) => wanted.length === 0 || wanted.some((rung) => name.startsWith(rung)));

if (chosen.length === 0) {
  console.error(`no browser test of ${wanted.join(", ")}; there are: ${files.join(", ")}`);
  process.exit(1);
}
for (const name of chosen) await import(new URL(name, here));
