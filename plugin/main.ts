#!/usr/bin/env node
// The process: its arguments, its descriptors, its signals and its end. The only module that exits.

// First of all: see there.
import "./app/small-young-heap.ts";
import { readFileSync } from "node:fs";
import { createEngines, loadNativeOrExplain } from "./app/engines.ts";
import { createHandlers, createNotificationHandlers } from "./app/handlers.ts";
import { createJsonLog } from "./app/json-log.ts";
import { createPlugin } from "./app/plugin.ts";
import { type LogLevelName, parseCommandLine } from "./command-line.ts";
import { openWritable } from "./rpc/open-writable.ts";
import { createPluginEnd } from "./rpc/serve.ts";

/** What is left of the host's second after the attach chart's own limit. */
const FLUSH_MS = 100;
/** A host that does not read the log loses lines; it must not stop us or fill our memory. */
const MAX_LOG_BACKLOG_BYTES = 1024 * 1024;
/** A hundred calls in a row stand at 210 MB with two arenas, at 350 MB and rising with glibc's default. */
const MALLOC_ARENAS = 2;
/** sysexits.h: EX_USAGE, EX_SOFTWARE. */
const EXIT_USAGE = 64;
const EXIT_SOFTWARE = 70;

const version = readVersion();
const command = parseCommandLine(process.argv.slice(2), version);
switch (command.name) {
  case "print":
    process.stdout.write(command.text);
    break;
  case "refuse":
    process.stderr.write(command.text);
    process.exitCode = EXIT_USAGE;
    break;
  case "attach":
    attach(command.logLevel);
}

function attach(logLevel: LogLevelName): void {
  const stderr = openWritable(2);
  stderr.on("error", () => undefined); // a host that closed our stderr does not want the log
  const logOf = createJsonLog(logLevel, (line) => {
    if (stderr.writableLength < MAX_LOG_BACKLOG_BYTES) stderr.write(line);
  });
  const log = logOf("process");
  const { native, whyNoCalls } = loadNativeOrExplain();
  if (whyNoCalls === null) native.limitMallocArenas(MALLOC_ARENAS);
  else log("error", whyNoCalls);

  const end = createPluginEnd({
    input: process.stdin,
    // Without the addon no native library is loaded that could print there.
    output: openWritable(whyNoCalls === null ? native.protectStdout() : 1),
    log: logOf("rpc"),
    onHostGone(why) {
      log("info", `host gone: ${why}`);
      plugin.attach.send({ type: "host.gone" });
    },
  });
  const engines = createEngines(native, whyNoCalls, logOf, process.env);
  const plugin = createPlugin({ engines, end, logOf, version });

  // libwebrtc crashes in its static destructors when the process ends by itself, hence the explicit exit.
  plugin.attach.subscribe({
    complete: () => {
      const status = plugin.attach.getSnapshot().output?.exitStatus ?? EXIT_SOFTWARE;
      end.flush(FLUSH_MS).finally(() => process.exit(status));
    },
  });
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    process.on(signal, () => plugin.attach.send({ type: "host.gone" }));
  }
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    process.on(event, (error: unknown) => {
      log("error", `${event}: ${error instanceof Error ? error.stack : String(error)}`);
      stderr.end(() => process.exit(EXIT_SOFTWARE));
      setTimeout(() => process.exit(EXIT_SOFTWARE), FLUSH_MS);
    });
  }
  end.serve(createHandlers(plugin), createNotificationHandlers(plugin));
}

/** package.json stands beside plugin/ in the sources and one level higher from dist/plugin/. */
function readVersion(): string {
  for (const path of ["../package.json", "../../package.json"]) {
    try {
      const { version } = JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8")) as {
        version: string;
      };
      return version;
    } catch {
      // Not here: the other place has it.
    }
  }
  return "unknown";
}
