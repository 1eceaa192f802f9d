// The conformance suite of plugin/host/conformance as tests, for any host.

import { describe, test } from "node:test";
import { runScene, type StartHost } from "../../../plugin/host/conformance/scene.ts";
import { nameOf, scenes } from "../../../plugin/host/conformance/suite.ts";

/** Far above what a scene needs. It only bounds a hang. */
const TIMEOUT_MS = 120_000;

export function hostConformance(name: string, start: StartHost): void {
  describe(`${name} passes the conformance suite`, () => {
    for (const scene of scenes) test(nameOf(scene), { timeout: TIMEOUT_MS }, () => runScene(start, scene));
  });
}
