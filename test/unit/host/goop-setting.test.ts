// The setting `video_disabled` of a running Goop², and what peers learn about it through the bridge.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { AwaitableQueue } from "../../../plugin/host/conformance/awaitable-queue.ts";
import { createGoopClient } from "../../../plugin/host/goop-bridge/goop-client.ts";
import { attachToGoop } from "../../../plugin/host/goop-bridge/goop-transport.ts";
import { GOOP_SELF, json, type ScriptedGoop, startScriptedGoop } from "../../support/fakes/scripted-goop.ts";

const PEER = "12D3KooWPeerNumber1abcde";
const peer = (change: object = {}) => ({ ID: PEER, Content: "Petra", Reachable: true, ...change });

async function attach(goop: ScriptedGoop) {
  const lines = new AwaitableQueue<string>();
  const transport = await attachToGoop({
    client: createGoopClient(goop.url),
    report: (line) => lines.add(line),
    signal: new AbortController().signal,
    timings: { pollSettingsMs: 5 },
  });
  return { transport, line: (part: string) => lines.take((line) => line.includes(part), part) };
}

const withGoop = (body: (goop: ScriptedGoop) => Promise<void>) => async () => {
  const goop = await startScriptedGoop();
  try {
    await body(goop);
  } finally {
    await goop.close();
  }
};

describe("calls that are switched off or on in Goop²", { timeout: 240_000 }, () => {
  const quick = (video_disabled: boolean) => json({ label: "Victor", video_disabled });

  test(
    "each change of the setting is applied once, and again when it failed",
    withGoop(async (goop) => {
      const { transport, line } = await attach(goop);
      const applied = new AwaitableQueue<boolean>();
      let refusals = 2;
      transport.followVideoDisabled(async (videoDisabled) => {
        applied.add(videoDisabled);
        refusals -= 1;
        if (refusals >= 0) throw new Error("the plugin is not running");
      });
      goop.answers["/api/settings/quick/get"] = quick(true);
      await line("has no effect yet: the plugin is not running");
      for (let nth = 0; nth < 3; nth += 1) await applied.take((value) => value, "calls off");
      goop.answers["/api/settings/quick/get"] = quick(false);
      await applied.take((value) => !value, "calls on");
      assert.deepEqual(applied.waiting, []);
      transport.close();
    }),
  );

  test(
    "each reachable peer is told who our user is and that calls are off, and at the end what Goop² publishes",
    withGoop(async (goop) => {
      goop.answers["/api/self"] = json({ id: GOOP_SELF, label: "", email: "v@goop", avatar_hash: "abc" });
      goop.answers["/api/peers"] = json([peer(), peer({ ID: `${PEER}2`, Reachable: false })]);
      const { transport } = await attach(goop);
      const off = (one: { payload: Record<string, unknown> }) => one.payload.videoDisabled === true;
      transport.setAvailability({ videoDisabled: true, cause: "user", why: "Calls are switched off." });
      for (let nth = 0; nth < 2; nth += 1) {
        assert.deepEqual(await goop.sent.take(off, "a correction"), {
          peer_id: PEER,
          topic: "identity.response",
          payload: {
            peerID: GOOP_SELF,
            content: "hello",
            email: "v@goop",
            avatarHash: "abc",
            videoDisabled: true,
            reachable: true,
          },
        });
      }
      await transport.end();
      await goop.sent.take((one) => !off(one), "Goop²'s own value");
      transport.setAvailability({ videoDisabled: true });
    }),
  );
});
