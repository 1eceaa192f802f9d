// What a host does that keeps `calls.persisted` for the next plugin. Hosts that do not name the capability `resume` pass.

import assert from "node:assert/strict";
import { HANG_UP, openCalls } from "./fault-scenes.ts";
import { P1, P2, P3, type Scene, type Stage } from "./scene.ts";

const group = "resuming a call after the plugin's death";

/** The plugin persists the call c1 of {@link openCalls}. */
async function persist({ plugin }: Stage, snapshots: readonly (string | null)[]): Promise<void> {
  for (const snapshot of snapshots) {
    plugin.write({
      method: "calls.persisted",
      params: { snapshot, ...(snapshot === null ? {} : { callId: "c1" }) },
    });
  }
  // The host reads messages in order, so it has read the snapshots when it answers this.
  plugin.send("persisted", P3, "call:c3", { type: "call-hangup" });
  await plugin.answer("persisted");
}

function resumes({ initialized: { capabilities } }: Stage): boolean {
  return Array.isArray(capabilities) && capabilities.includes("resume");
}

function hangUpOn(stage: Stage, topic: string): Promise<unknown> {
  return stage.network.arrivals.take(
    (message) => message.topic === topic && message.payload.reason === HANG_UP.reason,
    `the hang-up on ${topic}`,
  );
}

export const resumeScenes: readonly Scene[] = [
  {
    group,
    rule: "starts another plugin with the last snapshot, and hangs up all other calls",
    async run(stage) {
      if (!resumes(stage)) return stage.leave();
      await openCalls(stage);
      await persist(stage, ["first", "second"]);
      await stage.plugin.kill();
      const next = await stage.nextPlugin();
      const { resume } = await next.initialize();
      assert.equal(resume, "second", "`resume` has to be the last snapshot");
      await hangUpOn(stage, "call:c2");
      next.send("again", P1, "call:c1", { type: "call-reconnect" });
      assert.equal((await next.answer("again")).result, null);
      next.send("bye", P1, "call:c1", { type: "call-hangup" });
      await next.answer("bye");
      await stage.leave(next);
      const reasons = stage.network.reached
        .filter(({ topic }) => topic === "call:c1")
        .map(({ payload }) => payload);
      assert.deepEqual(
        reasons.filter(({ reason }) => reason === HANG_UP.reason),
        [],
        "the call goes on",
      );
    },
  },
  {
    group,
    rule: "hangs up a call whose snapshot was withdrawn",
    async run(stage) {
      if (!resumes(stage)) return stage.leave();
      await openCalls(stage);
      await persist(stage, ["first", null]);
      await stage.plugin.kill();
      for (const topic of ["call:c1", "call:c2"]) await hangUpOn(stage, topic);
      await stage.host.stop();
      const peers = stage.network.reached
        .filter(({ payload }) => payload.reason === HANG_UP.reason)
        .map(({ peerId }) => peerId);
      assert.deepEqual(peers.sort(), [P1, P2]);
    },
  },
];
