// The conformance suite of plugin/host/conformance as tests, for any host.

import { describe, test } from "node:test";
import { runScene, type StartHost } from "../../../plugin/host/conformance/scene.ts";
import { nameOf, scenes } from "../../../plugin/host/conformance/suite.ts";

/** Far above what a scene needs. It only bounds a hang. */
const TIMEOUT_MS = 120_000;
/** Each scene has processes of its own, which mostly wait. */
const SCENES_AT_ONCE = 4;

export function hostConformance(name: string, start: StartHost): void {
  describe(`${name} passes the conformance suite`, { concurrency: SCENES_AT_ONCE }, () => {
    for (const scene of scenes) test(nameOf(scene), { timeout: TIMEOUT_MS }, () => runScene(start, scene));
  });
}
