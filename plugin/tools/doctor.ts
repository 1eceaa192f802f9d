// `goop-call-plugin doctor`: checks what a call needs, and advises how to fix what is missing.

import { checkCameras, checkPictures } from "./camera-checks.ts";
import type { Finding } from "./finding.ts";
import { checkMdns, checkSettings, settingsAt } from "./network-checks.ts";
import { checkAddonLoads, checkEngine, checkNode, enginesOf } from "./program-checks.ts";
import { checkSending } from "./sending-check.ts";
import { checkSound } from "./sound-checks.ts";
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
}

/** Runs every check, in the order in which problems should be fixed. */
export async function runChecks(system: SystemView, options: DoctorOptions): Promise<Finding[]> {
  const [addon, ...others] = enginesOf(system, options.addonFolder);
  const engines = await Promise.all(others.map((engine) => checkEngine(system, engine)));
  const addonFindings = addon === undefined ? [] : [await checkEngine(system, addon)];
  const devices = [
    ...checkCameras(system),
    ...checkPictures(system, options.cameraNotePath),
    ...(await checkSound(system)),
  ];
  const settings = settingsAt(system, options.settingsPath);
  return [
    checkNode(system),
    ...addonFindings.map((finding) => checkAddonLoads(finding, options.addonProblem, system)),
    ...engines,
    ...devices,
    ...checkSending(devices, settings),
    checkMdns(system, settings),
    checkSettings(system, options.settingsPath),
  ];
}

/** A warning alone does not prevent calls. Without both camera and sound, `checkSending` adds a failure. */
export function callsArePossible(findings: readonly Finding[]): boolean {
  return findings.every(({ verdict }) => verdict !== "failure");
}

/** A line for each finding with its action below it, and the summary last. */
export function describeFindings(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const lines = findings.flatMap(({ check, verdict, says, action }) => [
    `${verdict.padEnd("warning".length)}  ${check.padEnd(width)}  ${says}`,
    ...(action === null ? [] : [`${" ".repeat("warning".length + width + 4)}→ ${action}`]),
  ]);
  const isPossible = callsArePossible(findings);
  const warnings = findings.filter(({ verdict }) => verdict === "warning").length;
  const summary = isPossible ? "Calls are possible" : "Calls are not possible until the failures are fixed";
  const rest = isPossible && warnings > 0 ? ", with restrictions: see the warnings" : "";
  return `${[...lines, "", `${summary}${rest}.`].join("\n")}\n`;
}
