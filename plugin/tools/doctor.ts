// `goop-call-plugin doctor`: checks what a call needs, and advises how to fix what is missing.

import type { RunningPlugin } from "../diagnostics/runtime-file.ts";
import { checkCameras, checkPictures, checkScreens } from "./camera-checks.ts";
import type { Finding, Verdict } from "./finding.ts";
import { checkMdns, checkSettings, settingsAt } from "./network-checks.ts";
import {
  checkAddonLoads,
  checkEngine,
  checkNode,
  checkOptionalEngine,
  checkSoundLoads,
  enginesOf,
  optionalEnginesOf,
  X11_ENGINE,
} from "./program-checks.ts";
import { checkRefusals } from "./refusal-check.ts";
import { checkSending } from "./sending-check.ts";
import { checkPriority, checkSound } from "./sound-checks.ts";
import type { SystemView } from "./system-view.ts";

interface DoctorOptions {
  /** The folder of the built addon. */
  readonly addonFolder: string;
  /** Why the addon does not load, or null if it does. */
  readonly addonProblem: string | null;
  /** A JSON file with settings to check. Without it, the defaults are checked. */
  readonly settingsPath: string | undefined;
  /** Where a plugin notes why a camera's pictures could not be shown; see plugin/camera/camera-notes.ts. */
  readonly cameraNotePath: string;
  /** The plugins of this user that run at the moment. */
  readonly running: readonly RunningPlugin[];
}

/** Runs every check, in the order in which problems should be fixed. */
export async function runChecks(system: SystemView, options: DoctorOptions): Promise<Finding[]> {
  const { addon, webrtc, sound } = enginesOf(system, options.addonFolder);
  const engines = [
    checkAddonLoads(await checkEngine(system, addon), options.addonProblem, system),
    await checkEngine(system, webrtc),
    await checkSoundLoads(await checkEngine(system, sound), system),
    ...(await Promise.all(
      optionalEnginesOf(system, options.addonFolder).map((engine) => checkOptionalEngine(system, engine)),
    )),
  ];
  const devices = [
    ...checkCameras(system, await system.pipeWireCameras()),
    ...checkPictures(system, options.cameraNotePath),
    ...(await checkSound(system)),
  ];
  const screens = checkScreens(system, await system.screens());
  const settings = settingsAt(system, options.settingsPath);
  return [
    checkNode(system),
    ...engines,
    ...devices,
    ...checkSending(devices, settings),
    checkMdns(system, settings),
    ...(await checkSettings(system, options.settingsPath)),
    await checkPriority(system),
    ...withoutRepetition(screens, engines),
    ...checkRefusals(options.running),
  ];
}

/** On X11 nothing can be shared without the engine, whose own finding names the libraries already. */
function withoutRepetition(screens: Finding, engines: readonly Finding[]): Finding[] {
  const isSaid = engines.some(({ check, verdict }) => check === X11_ENGINE && verdict === "warning");
  return screens.verdict === "warning" && isSaid ? [] : [screens];
}

/** A warning alone does not prevent calls. Without both camera and sound, `checkSending` adds a failure. */
export function callsArePossible(findings: readonly Finding[]): boolean {
  return findings.every(({ verdict }) => verdict !== "failure");
}

/** A line for each finding with its action below it. The last line is one sentence: calls work, or what to do first. */
export function describeFindings(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const lines = findings.flatMap(({ check, verdict, says, action }) => [
    `${verdict.padEnd("warning".length)}  ${check.padEnd(width)}  ${says}`,
    ...(action === null ? [] : [`${" ".repeat("warning".length + width + 4)}→ ${action}`]),
  ]);
  return `${[...lines, "", summarize(findings)].join("\n")}\n`;
}

/** The checks are in the order in which problems should be fixed. */
function summarize(findings: readonly Finding[]): string {
  const first = (wanted: Verdict) => findings.find(({ verdict }) => verdict === wanted)?.action;
  const failed = first("failure");
  if (failed !== undefined) return `Calls do not work yet. Do this first: ${failed}`;
  const restricted = first("warning");
  return restricted === undefined
    ? "Calls work."
    : `Calls work, with restrictions. To lift the first: ${restricted}`;
}
