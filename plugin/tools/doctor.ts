// `goop-call-plugin doctor`: what is there, what is missing, and what to do about it.

import { checkCameras } from "./camera-checks.ts";
import type { Finding } from "./finding.ts";
import { checkMdns, checkSettings, settingsAt } from "./network-checks.ts";
import { checkAddonLoads, checkEngine, checkNode, enginesOf } from "./program-checks.ts";
import { checkSending } from "./sending-check.ts";
import { checkSound } from "./sound-checks.ts";
import type { SystemView } from "./system-view.ts";

export interface DoctorOptions {
  /** Where the addon is built to. */
  readonly addonFolder: string;
  /** Why the addon does not load; null when it does. */
  readonly addonProblem: string | null;
  /** A JSON file with settings to be judged; the defaults where it is left out. */
  readonly settingsPath: string | undefined;
}

/** Every check, in the order in which things are to be put right. */
export async function examine(system: SystemView, wish: DoctorOptions): Promise<Finding[]> {
  const [addon, ...others] = enginesOf(system, wish.addonFolder);
  const engines = await Promise.all(others.map((engine) => checkEngine(system, engine)));
  const addonFound = addon === undefined ? [] : [await checkEngine(system, addon)];
  const devices = [...checkCameras(system), ...(await checkSound(system))];
  return [
    checkNode(system),
    ...addonFound.map((found) => checkAddonLoads(found, wish.addonProblem)),
    ...engines,
    ...devices,
    ...checkSending(devices, settingsAt(system, wish.settingsPath)),
    checkMdns(system),
    checkSettings(system, wish.settingsPath),
  ];
}

/** Warnings leave calls possible: without a camera one is still heard. Without both there is a failure of its own. */
export function callsArePossible(findings: readonly Finding[]): boolean {
  return findings.every(({ verdict }) => verdict !== "failure");
}

/** For people: a line for each finding, its action below it, and the verdict last. */
export function describeFindings(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const lines = findings.flatMap(({ check, verdict, says, action }) => [
    `${verdict.padEnd("warning".length)}  ${check.padEnd(width)}  ${says}`,
    ...(action === null ? [] : [`${" ".repeat("warning".length + width + 4)}→ ${action}`]),
  ]);
  const isPossible = callsArePossible(findings);
  const warnings = findings.filter(({ verdict }) => verdict === "warning").length;
  const verdict = isPossible
    ? "Calls are possible"
    : "Calls are not possible until the failures are put right";
  const rest = isPossible && warnings > 0 ? `, with less than everything: see the warnings` : "";
  return `${[...lines, "", `${verdict}${rest}.`].join("\n")}\n`;
}
