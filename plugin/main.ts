#!/usr/bin/env node
// Loads the program where Node is recent enough. An older Node fails while it loads the program's modules, with a stack
// that names none of this. So this module imports nothing statically except the check.

import { whyNodeIsTooOld } from "./common/node-version.ts";

/** sysexits.h: EX_USAGE. */
const EXIT_USAGE = 64;

const why = whyNodeIsTooOld(process.versions.node);
if (why === null) {
  await import("./program.ts");
} else {
  process.stderr.write(`goop-call-plugin ${why} (${process.execPath})\n`);
  process.exitCode = EXIT_USAGE;
}
