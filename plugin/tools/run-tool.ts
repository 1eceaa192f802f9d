// Runs the tools on the real machine. Prints through the given functions and returns the exit status.

import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { settingsSchema } from "../../rpc-schema/index.ts";
import {
  type LoadedNative,
  loadNativeOrExplain,
  systemCameraNotePath,
  systemCameras,
  systemPipeWireCameras,
  systemRealTimeOffer,
  systemScreens,
} from "../app/engines.ts";
import type { ConformanceCommand, InspectCommand, ToolCommand } from "../command-line.ts";
import { errorText } from "../common/error-text.ts";
import { listRunning, type RunningPlugin, runtimeFolder } from "../diagnostics/runtime-file.ts";
import { PngEncoder } from "../frames/png-encoder.ts";
import { commandHost } from "../host/conformance/command-host.ts";
import { runSuite } from "../host/conformance/suite.ts";
import { openInBrowser } from "../host/terminal.ts";
import type { Log } from "../log.ts";
import { loadWrtc } from "../peer/wrtc-engine.ts";
import { createSound } from "../sound/create-sound.ts";
import { soundEngineProblem } from "../sound/process/engine-problem.ts";
import { captureTest } from "./capture-test.ts";
import { describeDevices, listDevicesWithModes } from "./devices.ts";
import { callsArePossible, describeFindings, runChecks } from "./doctor.ts";
import { testIceServer } from "./ice-server-test.ts";
import { describeInspection } from "./inspect.ts";
import { realSystem } from "./real-system.ts";
import { replayFile } from "./replay.ts";

/** The bus starts the desktop's portal at its first use. */
const PORTAL_STARTS_MS = 5_000;

interface ToolEnvironment {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Writes to standard output. */
  print(text: string): void;
  /** Writes to standard error. */
  printError(text: string): void;
  /** Aborts when the user interrupts the tool. */
  readonly signal: AbortSignal;
}

/** @returns the exit status: 0 on success, 1 otherwise */
export async function runTool(command: ToolCommand, tool: ToolEnvironment): Promise<number> {
  const loaded = loadNativeOrExplain(tool.environment.LD_LIBRARY_PATH);
  switch (command.name) {
    case "devices":
      return devices(command, tool, loaded);
    case "doctor":
      return doctor(command, tool, loaded);
    case "inspect":
      return inspect(command, tool);
    case "replay":
      return replay(command, tool);
    case "captureTest":
      return capture(command, tool, loaded);
    case "conformance":
      return conformance(command, tool);
  }
}

/** Lists the sound devices even if the addon does not load. */
async function devices(
  { json }: { json: boolean },
  tool: ToolEnvironment,
  { native, whyNoCalls }: LoadedNative,
): Promise<number> {
  if (whyNoCalls !== null) tool.printError(`${whyNoCalls}\n`);
  const sound = createSound({ log: logOf(tool), env: tool.environment, engine: native });
  try {
    const table = await listDevicesWithModes(systemCameras(native, logOf(tool), tool.environment), sound);
    tool.print(json ? toJson(table) : describeDevices(table));
    return whyNoCalls === null ? 0 : 1;
  } finally {
    await sound.close();
  }
}

async function doctor(
  { json, settings }: { json: boolean; settings: string | undefined },
  tool: ToolEnvironment,
  { native, whyNoCalls }: LoadedNative,
): Promise<number> {
  const sound = createSound({ log: logOf(tool), env: tool.environment, engine: native });
  const system = realSystem(tool.environment, {
    soundDevices: () => sound.list(),
    soundEngineProblem: () => soundEngineProblem({ ...tool.environment }),
    testIceServer: (server) => testIceServer(loadWrtc(), server),
    realTimeOffer: () => systemRealTimeOffer(tool.environment),
    unreadableNodes: () =>
      native.listCameras().flatMap(({ path, name, otherFormats = [] }) => {
        return otherFormats.length > 0 ? [{ path, name, formats: otherFormats }] : [];
      }),
    screens: () => systemScreens(tool.environment, logOf(tool)).offer(),
    pipeWireCameras: async () => {
      const cameras = systemPipeWireCameras(tool.environment, logOf(tool), PORTAL_STARTS_MS);
      try {
        await cameras.ready();
        return cameras.report();
      } finally {
        await cameras.close();
      }
    },
  });
  const options = {
    addonFolder: addonFolder(),
    addonProblem: whyNoCalls,
    settingsPath: settings,
    cameraNotePath: systemCameraNotePath(tool.environment),
    running: runningPlugins(tool),
  };
  const findings = await runChecks(system, options).finally(() => sound.close());
  const isPossible = callsArePossible(findings);
  tool.print(json ? toJson({ callsArePossible: isPossible, findings }) : describeFindings(findings));
  return isPossible ? 0 : 1;
}

async function capture(
  command: ToolCommand & { name: "captureTest" },
  tool: ToolEnvironment,
  { native, whyNoCalls }: LoadedNative,
): Promise<number> {
  if (whyNoCalls !== null) {
    tool.printError(`${whyNoCalls}\n`);
    return 1;
  }
  const engines = {
    cameras: systemCameras(native, logOf(tool), tool.environment),
    sound: createSound({ log: logOf(tool), env: tool.environment, engine: native }),
    png: new PngEncoder((picture) => native.toRgba(picture)),
  };
  const { picture } = settingsSchema.parse({});
  const { camera, microphone, seconds, out: folder } = command;
  const options = { camera, microphone, seconds, folder, picture, signal: tool.signal };
  const { lines, hasCaptured } = await captureTest(engines, options);
  const text = `${lines.join("\n")}\n`;
  if (hasCaptured) tool.print(text);
  else tool.printError(text);
  return hasCaptured ? 0 : 1;
}

async function inspect(command: InspectCommand, tool: ToolEnvironment): Promise<number> {
  const { environment, print, printError } = tool;
  const folder = runtimeFolderOf(environment);
  const { url, text } = describeInspection(command, listRunning(folder), folder);
  (url === null ? printError : print)(`${text}\n`);
  if (url === null) return 1;
  const hasDisplay = Boolean(environment.DISPLAY || environment.WAYLAND_DISPLAY);
  if (command.open && !command.stately && hasDisplay) {
    await openInBrowser(url, (line) => printError(`${line}\n`));
  }
  return 0;
}

function runtimeFolderOf(environment: ToolEnvironment["environment"]): string {
  return runtimeFolder(environment.XDG_RUNTIME_DIR, tmpdir(), process.getuid?.() ?? 0);
}

/** A folder that another user owns is no reason to stop the other checks. */
function runningPlugins({ environment, printError }: ToolEnvironment): readonly RunningPlugin[] {
  try {
    return listRunning(runtimeFolderOf(environment));
  } catch (error) {
    printError(`${errorText(error)}\n`);
    return [];
  }
}

function replay({ log }: { log: string }, { print, printError }: ToolEnvironment): number {
  const { isSame, lines } = replayFile(log);
  (isSame ? print : printError)(`${lines.join("\n")}\n`);
  return isSame ? 0 : 1;
}

async function conformance(
  { host: [program, ...args], only, seconds }: ConformanceCommand,
  { print }: ToolEnvironment,
): Promise<number> {
  const passes = await runSuite(commandHost(program, args), { only, waitMs: seconds * 1000, print });
  return passes ? 0 : 1;
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** Prints warnings and errors only. */
function logOf({ printError }: ToolEnvironment): Log {
  return (level, message) => {
    if (level === "warn" || level === "error") printError(`${message}\n`);
  };
}

/** The addon stays in the source tree, one level further up from dist/plugin/tools/. */
function addonFolder(): string {
  const isCompiled = import.meta.url.endsWith(".js");
  return fileURLToPath(new URL(`${isCompiled ? "../" : ""}../../native/build/Release`, import.meta.url));
}
