// What the program's arguments ask for. Reads and prints nothing itself.

import { parseArgs } from "node:util";

export type Command =
  | { readonly name: "attach"; readonly logLevel: LogLevelName }
  | { readonly name: "print"; readonly text: string }
  | { readonly name: "refuse"; readonly text: string };

export const LOG_LEVELS = ["error", "warn", "info", "debug"] as const;
export type LogLevelName = (typeof LOG_LEVELS)[number];

const HELP = `goop-call-plugin: voice and video calls for the Goop² desktop chat on Linux.

With no arguments it attaches to the host that started it: JSON-RPC 2.0 on standard input and output,
one message a line, log lines as JSON on standard error. It ends when its input ends.

Usage: goop-call-plugin [options]

  --log-level LEVEL   ${LOG_LEVELS.join(", ")} (default: info)
  --help              this text
  --version           the version
`;

export function parseCommandLine(args: readonly string[], version: string): Command {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        help: { type: "boolean", short: "h" },
        version: { type: "boolean", short: "V" },
        "log-level": { type: "string", default: "info" },
      },
    });
    if (values.help) return { name: "print", text: HELP };
    if (values.version) return { name: "print", text: `${version}\n` };
    const logLevel = LOG_LEVELS.find((level) => level === values["log-level"]);
    if (logLevel) return { name: "attach", logLevel };
    return refuse(`--log-level is "${values["log-level"]}", expected one of ${LOG_LEVELS.join(", ")}`);
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

function refuse(what: string): Command {
  return { name: "refuse", text: `goop-call-plugin: ${what}\nTry goop-call-plugin --help.\n` };
}
