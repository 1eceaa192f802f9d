// Whether a process may open what a call needs, before libwebrtc would abort.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type DescriptorView, whyNoRoom } from "../../../plugin/peer/descriptor-room.ts";
import { createWrtcEngine } from "../../../plugin/peer/wrtc-engine.ts";

const view = (soft: number | string, open: number): DescriptorView => ({
  limits: () => `Limit                     Soft Limit           Hard Limit           Units     
Max cpu time              unlimited            unlimited            seconds   
Max open files            ${soft}                   4096                 files     
`,
  open: () => open,
});
const starved = (code: string): DescriptorView => ({
  ...view(64, 0),
  open() {
    throw Object.assign(new Error(code), { code });
  },
});

describe("the room for a call", () => {
  test("is enough up to the last descriptor that a call needs", () => {
    assert.equal(whyNoRoom(view(1024, 100)), null);
    assert.equal(whyNoRoom(view(100, 25)), null);
    assert.equal(whyNoRoom(view("unlimited", 5_000)), null);
  });

  test("is too little below that, and the sentence names the limit and the remedy", () => {
    assert.match(
      whyNoRoom(view(100, 26)) ?? "",
      /it may have 100 files and connections open, 26 are, and a call needs 75 more\..*ulimit -n/,
    );
    assert.match(whyNoRoom(starved("EMFILE")) ?? "", /it can open no file \(EMFILE\)/);
  });

  test("is not judged where nothing is known", () => assert.equal(whyNoRoom(starved("ENOENT")), null));

  test("is looked at before the engine is loaded", async () => {
    const load = () => assert.fail("the engine was loaded");
    const engine = createWrtcEngine(load, { room: () => "no room" });
    await assert.rejects(
      engine.createPeer(
        { iceServers: [], maxVideoBitrateBps: 1, gatherMs: 0, placeOfPeer: () => "machine" as const },
        {} as never,
      ),
      {
        name: "PeerError",
        message: "no room",
      },
    );
  });
});
