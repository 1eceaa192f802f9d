// A PipeWire daemon that does not let this program in.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { createPipeWireCameras } from "../../../plugin/camera/pipewire-cameras.ts";
import { startVideoDaemon } from "../../support/camera/video-daemon.ts";

const [program = ""] = readFileSync("/proc/self/cmdline", "utf8").split("\0");
const daemon = await startVideoDaemon({ rejected: program });
after(() => daemon.stop());

test("a program that the daemon refuses has no cameras, and is told why", async () => {
  const refused = Promise.withResolvers<void>();
  const cameras = createPipeWireCameras({ env: daemon.env, log: () => undefined });
  const stop = cameras.watch(() => refused.resolve());
  // A connection alone does not keep the process alive.
  const alive = setInterval(() => undefined, 1_000);
  await refused.promise;
  clearInterval(alive);
  stop();
  const { cameras: listed, accessProblem } = cameras.report();
  assert.deepEqual([listed, accessProblem], [[], "PipeWire refuses this program: rejected"]);
  await cameras.close();
});
