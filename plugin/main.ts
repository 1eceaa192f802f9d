#!/usr/bin/env node
// Loads the program where Node is recent enough. An older Node fails while it loads the program's modules, with a stack
// that names none of this. So this module imports nothing statically except the check.

import { whyNodeIsTooOld } from "./common/node-version.ts";

/** sysexits.h: EX_USAGE. */
const EXIT_USAGE = 64;

/** `bridge` and `demo` are hosts, programs of their own that start this one. They read the arguments after the command. */
async function load(command: string | undefined): Promise<void> {
  if (command !== "bridge" && command !== "demo") {
    await import("./program.ts");
    return;
  }
  process.argv.splice(2, 1);
  await (command === "bridge" ? import("./host/bridge.ts") : import("./host/demo.ts"));
}

const why = whyNodeIsTooOld(process.versions.node);
if (why === null) {
  await load(process.argv[2]);
} else {
  process.stderr.write(`goop-call-plugin ${why} (${process.execPath})\n`);
  process.exitCode = EXIT_USAGE;
}
