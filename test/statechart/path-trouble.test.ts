// Why a call found no path, in the detail of its end.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { awaitingAnswer, awaitingOffer, type ManagerBench, OFFER, PATHS } from "./support/start-manager.ts";

const lost = { type: "peer.disconnected" } as const;
const back = { type: "peer.connected" } as const;

describe("the detail of an end without a path", () => {
  const trouble = { type: "peer.pathTrouble", detail: "no TURN server" } as const;
  const detailOf = (manager: ManagerBench) => manager.ends().map(({ end }) => end.detail);

  test("is what the search found out, whichever side gives up first", async () => {
    const failed = await awaitingOffer();
    await failed.receive(OFFER);
    await failed.sendEngineEvent(trouble);
    await failed.sendEngineEvent({ type: "peer.failed" });
    const late = await PATHS.reconnectingOut();
    await late.sendEngineEvent(trouble);
    await late.advance(20_000);
    const there = await awaitingAnswer();
    await there.sendEngineEvent(trouble);
    await there.receive({ type: "call-hangup", reason: "connectTimeout" });
    for (const manager of [failed, late, there]) assert.deepEqual(detailOf(manager), ["no TURN server"]);
  });

  test("is forgotten once a path stands, and no part of other ends", async () => {
    const found = await awaitingOffer();
    await found.receive(OFFER);
    await found.sendEngineEvent(trouble);
    await found.sendEngineEvent(back);
    await found.sendEngineEvent({ type: "peer.pathTrouble", detail: null });
    await found.sendEngineEvent(lost);
    await found.advance(40_000);
    found.assertEnded("connectionLost", "local");
    const hungUp = await awaitingOffer();
    await hungUp.sendEngineEvent(trouble);
    await hungUp.receive({ type: "call-hangup", reason: "hungUp" });
    hungUp.assertEnded("hungUp", "remote");
    for (const manager of [found, hungUp]) assert.deepEqual(detailOf(manager), [undefined]);
  });
});
