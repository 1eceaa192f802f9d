// The conformance suite for hosts in any language that carry the signals. The rules are in rpc-schema/README.md, "What a host
// that carries the signals must do". The suite plays both the plugin and the network.

import { errorText } from "../../common/error-text.ts";
import { deliveryScenes } from "./delivery-scenes.ts";
import { faultScenes } from "./fault-scenes.ts";
import { lifeScenes } from "./life-scenes.ts";
import { resumeScenes } from "./resume-scenes.ts";
import { runScene, type Scene, type StartHost } from "./scene.ts";
import { sendingScenes } from "./sending-scenes.ts";

export const scenes: readonly Scene[] = [
  ...lifeScenes,
  ...sendingScenes,
  ...deliveryScenes,
  ...faultScenes,
  ...resumeScenes,
];

export const nameOf = ({ group, rule }: Scene): string => `${group}: ${rule}`;

export interface SuiteOptions {
  /** Only the scenes whose names contain this text. */
  readonly only: string;
  /** How long each wait for the host may take. */
  readonly waitMs?: number;
  print(text: string): void;
}

/** Runs the scenes one after the other, and prints a line for each. @returns true when the host passes all of them */
export async function runSuite(start: StartHost, { only, waitMs, print }: SuiteOptions): Promise<boolean> {
  const chosen = scenes.filter((scene) => nameOf(scene).includes(only));
  let passed = 0;
  for (const scene of chosen) {
    try {
      await runScene(start, scene, waitMs);
      passed += 1;
      print(`ok      ${nameOf(scene)}\n`);
    } catch (error) {
      print(`FAILED  ${nameOf(scene)}\n        ${errorText(error).replaceAll("\n", "\n        ")}\n`);
    }
  }
  print(`${passed} passed, ${chosen.length - passed} failed\n`);
  return passed === chosen.length && chosen.length > 0;
}
