// Parses the program's arguments into a command.

import { parseArgs } from "node:util";
import { buildManifest } from "../rpc-schema/index.ts";
import { errorText } from "./common/error-text.ts";

/** Shows the charts of a running plugin. */
export interface InspectCommand {
  readonly name: "inspect";
  /** Null: the only running plugin. */
  readonly pid: number | null;
  /** Print the address for the Stately inspector's tools instead of the chart viewer's. */
  readonly stately: boolean;
  /** Open a browser, if there is a display. */
  readonly open: boolean;
}

/** Checks a host with the conformance suite. */
export interface ConformanceCommand {
  readonly name: "conformance";
  /** The host's program and its arguments. The plugin's path is added to them. */
  readonly host: readonly [program: string, ...args: string[]];
  /** Only the rules that contain this text. */
  readonly only: string;
  /** How long each wait for the host may take. */
  readonly seconds: number;
}

/** A command for a user at a terminal, implemented in tools/. */
export type ToolCommand =
  | { readonly name: "devices"; readonly json: boolean }
  | { readonly name: "replay"; readonly log: string }
  | InspectCommand
  | ConformanceCommand
  | { readonly name: "doctor"; readonly json: boolean; readonly settings: string | undefined }
  | {
      readonly name: "captureTest";
      readonly camera: string;
      readonly microphone: string;
      readonly seconds: number;
      /** The folder for the saved files. */
      readonly out: string;
    };

export type Command =
  | { readonly name: "attach"; readonly logLevel: LogLevelName }
  | { readonly name: "print"; readonly text: string }
  | { readonly name: "version" }
  | { readonly name: "refuse"; readonly text: string }
  | ToolCommand;

export const LOG_LEVELS = ["error", "warn", "info", "debug"] as const;
export type LogLevelName = (typeof LOG_LEVELS)[number];

/** Longer than any useful test. Sound of this length takes 6 MB. */
const MAX_SECONDS = 60;

const HELP = `goop-call-plugin: voice and video calls for the Goop² desktop chat on Linux.

Without a command it attaches to the host that started it. It speaks JSON-RPC 2.0 on standard input and output,
one message a line, and logs JSON lines to standard error. It exits when its input ends. In a terminal it says what
to do next, and attaches only with --log-level.

Usage: goop-call-plugin [options]
       goop-call-plugin bridge [options]
       goop-call-plugin demo [options]
       goop-call-plugin devices [--json]
       goop-call-plugin doctor [--json] [--settings FILE]
       goop-call-plugin inspect [--pid PID] [--no-open] [--stately]
       goop-call-plugin replay LOG
       goop-call-plugin conformance [--only TEXT] [--seconds N] -- COMMAND [ARGUMENTS]
       goop-call-plugin capture-test [--camera ID] [--microphone ID] [--seconds N] [--out DIR]

  --log-level LEVEL   ${LOG_LEVELS.join(", ")} (default: info)
  --help              print this text
  --version           print the versions of the program, of the contract and of the engines
  --manifest          print the JSON that a host reads to list, start and set up the plugin

bridge        calls for a running Goop², on a page in the browser; bridge --help lists its options
demo          two users on this computer who can call each other; demo --help lists its options
devices       lists cameras with their modes, microphones and speakers; a star marks the device that "auto" means
doctor        checks everything that calls need and suggests remedies; the status is 0 when calls are possible
  --settings FILE     checks these settings (JSON, as given with initialize) instead of the defaults
inspect       shows the state machines of a running plugin in the browser, while its setting "debugging" is on
  --pid PID           the process, if several plugins run
  --no-open           prints the address and opens no browser
  --stately           prints the address for the Stately inspector's tools instead
replay        replays an event log (setting "recording") with the charts of this version; the status is 0 when
              they behave as recorded
conformance   checks a host in any language that carries the signals, by the rules in rpc-schema/README.md; COMMAND starts
              the host and gets the path of a plugin as its last argument; the status is 0 when all rules hold
  --only TEXT         only the rules that contain this text
  --seconds N         longest wait for the host, up to ${MAX_SECONDS} (default: 30)
capture-test  saves a picture (camera.png) and sound (microphone.wav), and prints their formats and rates
  --camera ID         from devices, auto, test-pattern or none (default: auto)
  --microphone ID     from devices, auto, tone or none (default: auto)
  --seconds N         duration of each test, up to ${MAX_SECONDS} (default: 3)
  --out DIR           folder for the files (default: the current folder)

  --json              print JSON instead of text
`;

/** What a user reads who starts the program in a terminal. @param version of the program */
function introduce(version: string): string {
  return `goop-call-plugin ${version}: voice and video calls for the Goop² desktop chat on Linux.

A host such as Goop² starts this program and talks to it over pipes. In a terminal you can start with:

  goop-call-plugin doctor    checks whether calls work on this computer, and says what to do first
  goop-call-plugin bridge    adds calls to the Goop² that is running
  goop-call-plugin demo      two users on this computer who can call each other
  goop-call-plugin --help    all commands
`;
}

/** The options of all commands. A separate check of the command's own options gives a clearer error. */
const OPTIONS = {
  help: { type: "boolean", short: "h" },
  version: { type: "boolean", short: "V" },
  manifest: { type: "boolean" },
  "log-level": { type: "string" },
  json: { type: "boolean" },
  settings: { type: "string" },
  camera: { type: "string" },
  microphone: { type: "string" },
  seconds: { type: "string" },
  out: { type: "string" },
  pid: { type: "string" },
  "no-open": { type: "boolean" },
  stately: { type: "boolean" },
  only: { type: "string" },
} as const;

/** Options by command; no command attaches to the host. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  "": ["log-level"],
  devices: ["json"],
  doctor: ["json", "settings"],
  inspect: ["pid", "no-open", "stately"],
  replay: [],
  conformance: ["only", "seconds"],
  "capture-test": ["camera", "microphone", "seconds", "out"],
};

/** main.ts starts the first two. */
const COMMANDS = ["bridge", "demo", ...Object.keys(ALLOWED).filter(Boolean)].join(", ");

type Values = ReturnType<typeof parse>["values"];

function parse(args: readonly string[]) {
  return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
}

/**
 * Never throws. An invalid argument gives a `refuse` command whose text names it.
 * @param isTerminal whether standard input is a terminal, so that no host can be at its other end
 */
export function parseCommandLine(args: readonly string[], version: string, isTerminal = false): Command {
  if (args.length === 0 && isTerminal) return { name: "print", text: introduce(version) };
  try {
    const { values, positionals } = parse(args);
    if (values.help) return { name: "print", text: HELP };
    if (values.version) return { name: "version" };
    if (values.manifest) {
      return { name: "print", text: `${JSON.stringify(buildManifest(version), null, 2)}\n` };
    }
    const [name = "", ...operands] = positionals;
    const allowed = ALLOWED[name];
    if (allowed === undefined) {
      return refuse(`there is no command "${name}", expected one of ${COMMANDS}`);
    }
    const extra = name === "conformance" ? undefined : operands[name === "replay" ? 1 : 0];
    if (extra !== undefined) return refuse(`"${extra}" is an unexpected argument`);
    const misplaced = Object.keys(values).find((option) => !allowed.includes(option));
    if (misplaced !== undefined)
      return refuse(`--${misplaced} is not an option of ${name || "the plugin without a command"}`);
    if (name === "replay") return replay(operands);
    if (name === "conformance") return conformance(operands, values);
    return commandOf(name, values);
  } catch (error) {
    return refuse(errorText(error));
  }
}

function commandOf(name: string, values: Values): Command {
  const { json = false, settings } = values;
  if (name === "devices") return { name, json };
  if (name === "doctor") return { name, json, settings };
  if (name === "inspect") return inspect(values);
  if (name === "capture-test") return captureTest(values);
  const { "log-level": levelName = "info" } = values;
  const logLevel = LOG_LEVELS.find((level) => level === levelName);
  if (logLevel) return { name: "attach", logLevel };
  return refuse(`--log-level is "${levelName}", expected one of ${LOG_LEVELS.join(", ")}`);
}

function inspect({ pid, stately = false, "no-open": noOpen = false }: Values): Command {
  if (pid !== undefined && !/^[1-9]\d{0,9}$/.test(pid))
    return refuse(`--pid is "${pid}", expected a process id`);
  return { name: "inspect", pid: pid === undefined ? null : Number(pid), stately, open: !noOpen };
}

function replay([log]: readonly string[]): Command {
  if (log === undefined || log === "") return refuse("replay needs the path of an event log");
  return { name: "replay", log };
}

function conformance(
  [program, ...args]: readonly string[],
  { only = "", seconds: text = "30" }: Values,
): Command {
  if (program === undefined)
    return refuse("conformance needs a command: goop-call-plugin conformance -- COMMAND");
  const seconds = secondsOf(text);
  if (seconds === null) return refuseSeconds(text);
  return { name: "conformance", host: [program, ...args], only, seconds };
}

/** @returns null where the text is no duration that a tool accepts */
function secondsOf(text: string): number | null {
  const seconds = text.trim() === "" ? Number.NaN : Number(text);
  return seconds > 0 && seconds <= MAX_SECONDS ? seconds : null;
}

function refuseSeconds(text: string): Command {
  return refuse(`--seconds is "${text}", expected a number above 0, up to ${MAX_SECONDS}`);
}

/** Device ids are checked when the devices are opened. */
function captureTest({
  camera = "auto",
  microphone = "auto",
  seconds: text = "3",
  out = ".",
}: Values): Command {
  const seconds = secondsOf(text);
  if (seconds === null) return refuseSeconds(text);
  const empty = Object.entries({ camera, microphone, out }).find(([, value]) => value === "");
  if (empty !== undefined) return refuse(`--${empty[0]} is empty`);
  if (camera === "none" && microphone === "none") {
    return refuse("--camera and --microphone are both none, so there is nothing to test");
  }
  return { name: "captureTest", camera, microphone, seconds, out };
}

function refuse(reason: string): Command {
  return { name: "refuse", text: `goop-call-plugin: ${reason}\nTry goop-call-plugin --help.\n` };
}
