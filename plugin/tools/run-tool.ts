// Puts the tools together with the real machine. It prints by what it is given and returns the status; it does not exit.

import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { settingsSchema } from "../../rpc-schema/index.ts";
import { loadNativeOrExplain } from "../app/engines.ts";
import { createCameras } from "../camera/create-cameras.ts";
import type { InspectCommand, ToolCommand } from "../command-line.ts";
import { listRunning, runtimeFolder } from "../diagnostics/runtime-file.ts";
import { PngEncoder } from "../frames/png-encoder.ts";
import { openInBrowser } from "../host/terminal.ts";
import type { Log } from "../log.ts";
import { createSound } from "../sound/create-sound.ts";
import { captureTest } from "./capture-test.ts";
import { describeDevices, listDevices } from "./devices.ts";
import { callsArePossible, describeFindings, examine } from "./doctor.ts";
import { describeInspection } from "./inspect.ts";
import { realSystem } from "./real-system.ts";
import { replayFile } from "./replay.ts";

export interface ToolEnvironment {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Standard output and standard error. */
  print(text: string): void;
  complain(text: string): void;
  /** The user wants to end it. */
  readonly signal: AbortSignal;
}

const { native, whyNoCalls } = loadNativeOrExplain();

/** @returns the exit status: 0 for good, 1 for not */
export async function runTool(command: ToolCommand, around: ToolEnvironment): Promise<number> {
  switch (command.name) {
    case "devices":
      return devices(command, around);
    case "doctor":
      return doctor(command, around);
    case "inspect":
      return inspect(command, around);
    case "replay":
      return replay(command, around);
    case "captureTest":
      return capture(command, around);
  }
}

/** Without the addon the sound devices are still there to be listed. */
async function devices({ json }: { json: boolean }, around: ToolEnvironment): Promise<number> {
  if (whyNoCalls !== null) around.complain(`${whyNoCalls}\n`);
  const sound = createSound({ log: logOf(around), env: around.environment });
  try {
    const table = await listDevices(native, createCameras(native), sound);
    around.print(json ? jsonOf(table) : describeDevices(table));
    return whyNoCalls === null ? 0 : 1;
  } finally {
    await sound.close();
  }
}

async function doctor(
  { json, settings }: { json: boolean; settings: string | undefined },
  around: ToolEnvironment,
): Promise<number> {
  const system = realSystem(around.environment);
  const findings = await examine(system, {
    addonFolder: addonFolder(),
    addonProblem: whyNoCalls,
    settingsPath: settings,
  });
  const isPossible = callsArePossible(findings);
  around.print(json ? jsonOf({ callsArePossible: isPossible, findings }) : describeFindings(findings));
  return isPossible ? 0 : 1;
}

async function capture(
  command: ToolCommand & { name: "captureTest" },
  around: ToolEnvironment,
): Promise<number> {
  if (whyNoCalls !== null) {
    around.complain(`${whyNoCalls}\n`);
    return 1;
  }
  const engines = {
    cameras: createCameras(native),
    sound: createSound({ log: logOf(around), env: around.environment }),
    png: new PngEncoder((picture) => native.toRgba(picture)),
  };
  const { picture } = settingsSchema.parse({});
  const { camera, microphone, seconds, out: folder } = command;
  const wish = { camera, microphone, seconds, folder, picture, signal: around.signal };
  const { lines, isGood } = await captureTest(engines, wish);
  const text = `${lines.join("\n")}\n`;
  if (isGood) around.print(text);
  else around.complain(text);
  return isGood ? 0 : 1;
}

async function inspect(command: InspectCommand, around: ToolEnvironment): Promise<number> {
  const { environment, print, complain } = around;
  const folder = runtimeFolder(environment.XDG_RUNTIME_DIR, tmpdir(), process.getuid?.() ?? 0);
  const { url, text } = describeInspection(command, listRunning(folder), folder);
  (url === null ? complain : print)(`${text}\n`);
  if (url === null) return 1;
  const hasDisplay = Boolean(environment.DISPLAY || environment.WAYLAND_DISPLAY);
  if (command.open && !command.stately && hasDisplay) {
    await openInBrowser(url, (line) => complain(`${line}\n`));
  }
  return 0;
}

function replay({ log }: { log: string }, { print, complain }: ToolEnvironment): number {
  const { isSame, lines } = replayFile(log);
  (isSame ? print : complain)(`${lines.join("\n")}\n`);
  return isSame ? 0 : 1;
}

function jsonOf(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** Of what the parts have to tell, only trouble is for somebody at a terminal. */
function logOf({ complain }: ToolEnvironment): Log {
  return (level, message) => {
    if (level === "warn" || level === "error") complain(`${message}\n`);
  };
}

/** The addon stays in the source tree, one level higher from dist/plugin/tools/. */
function addonFolder(): string {
  const isCompiled = import.meta.url.endsWith(".js");
  return fileURLToPath(new URL(`${isCompiled ? "../" : ""}../../native/build/Release`, import.meta.url));
}
