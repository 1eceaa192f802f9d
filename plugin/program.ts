// The process: arguments, descriptors, signals and exit. Only this module reads the environment and exits; main.ts loads it.

// Must be the first import; v8-heap.ts explains why.
import "./app/memory/v8-heap.ts";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import type { Writable } from "node:stream";
import { isatty } from "node:tty";
import { createEngines, loadNativeOrExplain } from "./app/engines.ts";
import { createJsonLog } from "./app/json-log.ts";
import { createPlugin, type Plugin } from "./app/plugin.ts";
import { createRecentLines } from "./app/recent-lines.ts";
import { type LogLevelName, parseCommandLine, type ToolCommand } from "./command-line.ts";
import { errorText } from "./common/error-text.ts";
import { failureText, isExhaustion } from "./common/system-failure.ts";
import { TokenBucket } from "./common/token-bucket.ts";
import { runtimeFolder } from "./diagnostics/runtime-file.ts";
import type { Log } from "./log.ts";
import { openWritable } from "./rpc/open-writable.ts";
import { createPluginEnd } from "./rpc/serve.ts";

/** The host grants a second for the exit; this remains of it after the attach chart's own limit. */
const FLUSH_MS = 100;
/** A host that does not read the log loses lines, since it must neither block us nor fill our memory. */
const MAX_LOG_BACKLOG_BYTES = 1024 * 1024;
/** After a hundred calls the process takes 210 MB with two arenas, and 350 MB and rising with glibc's default. */
const MALLOC_ARENAS = 2;
/** Refusals of the system that no part expected: so many at once, and so many a second. With more the program is of no use. */
const TOLERATED_REFUSALS = [100, 1] as const;
/** sysexits.h: EX_USAGE, EX_SOFTWARE. */
const EXIT_USAGE = 64;
const EXIT_SOFTWARE = 70;

const version = readVersion();
const command = parseCommandLine(process.argv.slice(2), version, isatty(0));
switch (command.name) {
  case "version":
    process.stdout.write(await printableVersions());
    break;
  case "print":
    process.stdout.write(command.text);
    break;
  case "refuse":
    process.stderr.write(command.text);
    process.exitCode = EXIT_USAGE;
    break;
  case "attach":
    attach(command.logLevel);
    break;
  default:
    await runToEnd(command);
}

/** A tool closes its devices before it returns. The explicit exit ends whatever a library has left running. */
async function runToEnd(tool: ToolCommand): Promise<void> {
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.once(signal, () => stop.abort());
  const [stdout, stderr] = [openWritable(1), openWritable(2)];
  // A reader may close the pipe early, as `head` does. That is not a failure.
  for (const output of [stdout, stderr]) output.on("error", () => undefined);
  let status = EXIT_SOFTWARE;
  try {
    const { runTool } = await import("./tools/run-tool.ts");
    status = await runTool(tool, {
      environment: process.env,
      print: (text) => void stdout.write(text),
      printError: (text) => void stderr.write(text),
      signal: stop.signal,
    });
  } catch (error) {
    stderr.write(`goop-call-plugin: ${errorText(error)}\n`);
  }
  stdout.end(() => stderr.end(() => process.exit(status)));
}

async function printableVersions(): Promise<string> {
  const { describeVersions: describe } = await import("./tools/versions.ts");
  return describe(version, loadNativeOrExplain(process.env.LD_LIBRARY_PATH));
}

function attach(logLevel: LogLevelName): void {
  let plugin: Plugin | undefined;
  const stderr = openWritable(2);
  stderr.on("error", () => undefined); // the host has closed our stderr and does not want the log
  const recent = createRecentLines();
  const isDebugging = () => plugin?.settings.get().debugging ?? false;
  const logOf = createJsonLog(
    () => (isDebugging() ? "debug" : logLevel),
    (line) => {
      recent.add(line);
      if (stderr.writableLength < MAX_LOG_BACKLOG_BYTES) stderr.write(line);
    },
  );
  const log = logOf("process");
  const loaded = loadNativeOrExplain(process.env.LD_LIBRARY_PATH);
  const { native, whyNoCalls } = loaded;
  if (whyNoCalls === null) {
    native.limitMallocArenas(MALLOC_ARENAS);
    native.withholdRealTime();
  } else log("error", whyNoCalls);

  const end = createPluginEnd({
    input: process.stdin,
    // Only native libraries print to descriptor 1, and without the addon none is loaded.
    output: openWritable(whyNoCalls === null ? native.protectStdout() : 1),
    log: logOf("rpc"),
    onHostGone(why) {
      log("info", `host gone: ${why}`);
      plugin?.attach.send({ type: "host.gone" });
    },
  });
  const engines = createEngines(loaded, logOf, process.env);
  plugin = createPlugin({
    engines,
    end,
    logOf,
    version,
    recentLog: recent.list,
    runtimeFolder: runtimeFolder(process.env.XDG_RUNTIME_DIR, tmpdir(), process.getuid?.() ?? 0),
  });
  const { attach: attachActor, handlers, notificationHandlers } = plugin;

  // libwebrtc crashes in its static destructors when the process ends by itself, so we exit explicitly.
  attachActor.subscribe({
    complete: () => {
      const status = attachActor.getSnapshot().output?.exitStatus ?? EXIT_SOFTWARE;
      end.flush(FLUSH_MS).finally(() => process.exit(status));
    },
  });
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    process.on(signal, () => attachActor.send({ type: "host.gone" }));
  }
  handleFaults(log, stderr);
  end.serve(handlers, notificationHandlers);
}

/** Ends the process after a fault of its own, once the log is written. */
function handleFaults(log: Log, stderr: Writable): void {
  const refusals = new TokenBucket(...TOLERATED_REFUSALS);
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    process.on(event, (error: unknown) => {
      // A library did not expect that the system refuses a file or a process. That passes, and a call need not end for it.
      if (isExhaustion(error) && refusals.take()) {
        log("warn", `the system refused something, and the program goes on: ${failureText(error)}`);
        return;
      }
      log("error", `${event}: ${error instanceof Error ? error.stack : String(error)}`);
      stderr.end(() => process.exit(EXIT_SOFTWARE));
      setTimeout(() => process.exit(EXIT_SOFTWARE), FLUSH_MS);
    });
  }
}

/** package.json is next to plugin/ in the sources, and one level above dist/plugin/. */
function readVersion(): string {
  for (const path of ["../package.json", "../../package.json"]) {
    try {
      const { version } = JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8")) as {
        version: string;
      };
      return version;
    } catch {
      // The other path has it.
    }
  }
  return "unknown";
}
