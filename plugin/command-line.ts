// What the program's arguments ask for. Reads and prints nothing itself.

import { parseArgs } from "node:util";
import { buildManifest } from "../rpc-schema/index.ts";
import { errorText } from "./common/error-text.ts";

/** Of a plugin that runs already. */
export interface InspectCommand {
  readonly name: "inspect";
  /** Null where there is but one to choose. */
  readonly pid: number | null;
  /** The address for the Stately inspector's tools instead of the viewer's. */
  readonly stately: boolean;
  /** In a browser, where there is a display. */
  readonly open: boolean;
}

/** A command for a person at a terminal; what it does is in tools/. */
export type ToolCommand =
  | { readonly name: "devices"; readonly json: boolean }
  | { readonly name: "replay"; readonly log: string }
  | InspectCommand
  | { readonly name: "doctor"; readonly json: boolean; readonly settings: string | undefined }
  | {
      readonly name: "captureTest";
      readonly camera: string;
      readonly microphone: string;
      readonly seconds: number;
      /** Folder for what is saved. */
      readonly out: string;
    };

export type Command =
  | { readonly name: "attach"; readonly logLevel: LogLevelName }
  | { readonly name: "print"; readonly text: string }
  | { readonly name: "refuse"; readonly text: string }
  | ToolCommand;

export const LOG_LEVELS = ["error", "warn", "info", "debug"] as const;
export type LogLevelName = (typeof LOG_LEVELS)[number];

/** Longer than anybody looks at a test; sound of that length is 6 MB. */
const MAX_SECONDS = 60;

const HELP = `goop-call-plugin: voice and video calls for the Goop² desktop chat on Linux.

With no command it attaches to the host that started it: JSON-RPC 2.0 on standard input and output,
one message a line, log lines as JSON on standard error. It ends when its input ends.

Usage: goop-call-plugin [options]
       goop-call-plugin devices [--json]
       goop-call-plugin doctor [--json] [--settings FILE]
       goop-call-plugin inspect [--pid PID] [--no-open] [--stately]
       goop-call-plugin replay LOG
       goop-call-plugin capture-test [--camera ID] [--microphone ID] [--seconds N] [--out DIR]

  --log-level LEVEL   ${LOG_LEVELS.join(", ")} (default: info)
  --help              this text
  --version           the version
  --manifest          what a host reads to list, start and set up the plugin, as JSON

devices       lists cameras with their modes, microphones and speakers; a star marks what "auto" means
doctor        says what is there, what is missing and what to do about it; the status is 0 when calls are possible
  --settings FILE     judges these settings (JSON, as given with initialize) instead of the defaults
inspect       shows the state machines of a running plugin in the browser, while its setting "debugging" is on
  --pid PID           which one, where several run
  --no-open           prints the address and opens no browser
  --stately           prints the address for the Stately inspector's tools instead
replay        runs an event log (setting "recording") through the charts of this version; the status is 0 when
              they do what the log says
capture-test  saves a picture (camera.png) and sound (microphone.wav), and says the format and rates reached
  --camera ID         from devices, auto, test-pattern or none (default: auto)
  --microphone ID     from devices, auto, tone or none (default: auto)
  --seconds N         for each of the two, up to ${MAX_SECONDS} (default: 3)
  --out DIR           where to save (default: the current folder)

  --json              print JSON instead of text
`;

/** Every option of every command; which command takes which is checked apart, for a clear refusal. */
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
} as const;

/** Options by command; no command attaches to the host. */
const TAKEN: Readonly<Record<string, readonly string[]>> = {
  "": ["log-level"],
  devices: ["json"],
  doctor: ["json", "settings"],
  inspect: ["pid", "no-open", "stately"],
  replay: [],
  "capture-test": ["camera", "microphone", "seconds", "out"],
};

const COMMANDS = Object.keys(TAKEN).filter(Boolean).join(", ");

type Values = ReturnType<typeof parse>["values"];

function parse(args: readonly string[]) {
  return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
}

/** Never throws: what cannot be understood becomes a refusal that names it. */
export function parseCommandLine(args: readonly string[], version: string): Command {
  try {
    const { values, positionals } = parse(args);
    if (values.help) return { name: "print", text: HELP };
    if (values.version) return { name: "print", text: `${version}\n` };
    if (values.manifest) {
      return { name: "print", text: `${JSON.stringify(buildManifest(version), null, 2)}\n` };
    }
    const [name = "", ...operands] = positionals;
    const taken = TAKEN[name];
    if (taken === undefined) {
      return refuse(`there is no command "${name}", expected one of ${COMMANDS}`);
    }
    const surplus = operands[name === "replay" ? 1 : 0];
    if (surplus !== undefined) return refuse(`"${surplus}" is one word too many`);
    const foreign = Object.keys(values).find((option) => !taken.includes(option));
    if (foreign !== undefined) return refuse(`--${foreign} does not belong to ${name || "attaching"}`);
    if (name === "replay") return replay(operands);
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
  const { "log-level": wanted = "info" } = values;
  const logLevel = LOG_LEVELS.find((level) => level === wanted);
  if (logLevel) return { name: "attach", logLevel };
  return refuse(`--log-level is "${wanted}", expected one of ${LOG_LEVELS.join(", ")}`);
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

/** Ids are checked when the devices are opened, since only then it is known which there are. */
function captureTest({
  camera = "auto",
  microphone = "auto",
  seconds: text = "3",
  out = ".",
}: Values): Command {
  const seconds = text.trim() === "" ? Number.NaN : Number(text);
  if (!(seconds > 0 && seconds <= MAX_SECONDS)) {
    return refuse(`--seconds is "${text}", expected a number above 0, up to ${MAX_SECONDS}`);
  }
  const empty = Object.entries({ camera, microphone, out }).find(([, value]) => value === "");
  if (empty !== undefined) return refuse(`--${empty[0]} is empty`);
  if (camera === "none" && microphone === "none") {
    return refuse("--camera and --microphone are both none, so there is nothing to test");
  }
  return { name: "captureTest", camera, microphone, seconds, out };
}

function refuse(what: string): Command {
  return { name: "refuse", text: `goop-call-plugin: ${what}\nTry goop-call-plugin --help.\n` };
}
