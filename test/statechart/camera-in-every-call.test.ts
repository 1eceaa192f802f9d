// The camera of a call whose negotiation had no place for our picture: a new offer on the connection that works, or one clear
// reason for the user.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Signal } from "../../rpc-schema/index.ts";
import { CANDIDATE, ManagerBench, OFFER, settled } from "./support/start-manager.ts";

const answerOf = (sdp: string): Signal => ({ type: "call-answer", sdp });
const withoutVideo = {
  type: "peer.videoNegotiated",
  whyNot: "the other side takes no picture",
  isOfferUseful: true,
} as const;
const withVideo = { type: "peer.videoNegotiated", whyNot: null } as const;
const PAGE: Signal = { type: "call-request", mode: "browser", mediaType: "audio" };
const SCRIPT: Signal = { type: "call-request", constraints: { video: false } };
const NATIVE: Signal = { type: "call-request", mode: "native", mediaType: "video" };

/** A connected call of bob, whose offer had no video section. */
async function calledWithout(request: Signal): Promise<ManagerBench> {
  const manager = new ManagerBench();
  await manager.receive(request);
  await manager.accept();
  await manager.receive(OFFER);
  await manager.sendEngineEvent(withoutVideo);
  await manager.sendEngineEvent({ type: "peer.connected" });
  assert.equal(manager.phase(), "connected");
  return manager;
}

const offers = (manager: ManagerBench) => manager.effects.inputs("sendOffer").length;
const whyNot = (manager: ManagerBench) => manager.media().context.camera.why;
const cameraState = (manager: ManagerBench) => JSON.stringify(manager.media().value.camera);
const cameraOn = (manager: ManagerBench) => manager.sendUserEvent({ type: "user.setCamera", on: true });
const cameraOff = (manager: ManagerBench) => manager.sendUserEvent({ type: "user.setCamera", on: false });

describe("a camera that is switched on in a call without a place for it", () => {
  for (const [kind, request] of [
    ["a page of Goop²", PAGE],
    ["another program", SCRIPT],
  ] as const) {
    test(`is offered to ${kind} while the call goes on, and opens with the answer`, async () => {
      const manager = await calledWithout(request);
      assert.equal(offers(manager), 0);
      await cameraOn(manager);
      assert.equal(offers(manager), 1);
      assert.deepEqual(
        manager.effects.inputs("createOffer").map((input) => (input as { iceRestart: boolean }).iceRestart),
        [false],
      );
      assert.equal(manager.phase(), "connected");
      assert.equal(whyNot(manager), "the other side is asked whether it takes a picture");
      await manager.receive(answerOf("with video"));
      await manager.sendEngineEvent(withVideo);
      assert.equal(manager.linkState(), "connected");
      assert.equal(cameraState(manager), '{"open":"opening"}');
      await cameraOff(manager);
      await cameraOn(manager);
      assert.equal(offers(manager), 1, "a place that is there needs no new negotiation");
    });
  }

  test("is refused with one reason by an answer without a place, and asked for again only by the user", async () => {
    const manager = await calledWithout(PAGE);
    await cameraOn(manager);
    await manager.receive(answerOf("without video"));
    await manager.sendEngineEvent(withoutVideo);
    assert.deepEqual(
      [cameraState(manager), whyNot(manager)],
      ['"withheld"', "the other side takes no picture"],
    );
    await settled();
    assert.equal(offers(manager), 1);
    await cameraOn(manager);
    assert.equal(offers(manager), 2);
  });

  test("is offered with our candidates, whenever they are found", async () => {
    const manager = await calledWithout(PAGE);
    const candidate = { type: "peer.candidate", candidate: CANDIDATE.candidate } as const;
    const sent = () => manager.effects.count("sendLocalCandidate");
    const before = sent();
    for (const task of ["createOffer", "sendOffer"] as const) manager.effects.hold(task);
    await cameraOn(manager);
    await manager.sendEngineEvent(candidate);
    manager.effects.finish("createOffer");
    await settled();
    await manager.sendEngineEvent(candidate);
    manager.effects.finish("sendOffer");
    await settled();
    await manager.sendEngineEvent(candidate);
    await manager.receive(answerOf("with video"));
    assert.equal(sent() - before, 3);
  });

  test("is refused with one reason when the other side does not answer, and the call goes on", async () => {
    const manager = await calledWithout(PAGE);
    await cameraOn(manager);
    await manager.advance(60_000);
    assert.deepEqual([manager.phase(), manager.linkState()], ["connected", "connected"]);
    assert.equal(whyNot(manager), "the other side did not answer whether it takes a picture");
  });

  test("is refused with one reason when the offer cannot be made or sent", async () => {
    for (const task of ["createOffer", "sendOffer"] as const) {
      const manager = await calledWithout(PAGE);
      manager.effects.fail(task);
      await cameraOn(manager);
      assert.deepEqual([manager.phase(), manager.linkState()], ["connected", "connected"]);
      assert.equal(whyNot(manager), "the other side could not be asked whether it takes a picture");
    }
  });

  test("is not offered to Goop²'s own stack as a caller, which ignores such offers", async () => {
    const manager = await calledWithout(NATIVE);
    assert.equal(offers(manager), 0);
    assert.equal(whyNot(manager), "the other side's Goop² called without a picture and cannot add one");
  });

  test("is offered by itself when the user wanted it before the path stood", async () => {
    const manager = new ManagerBench();
    await manager.receive(PAGE);
    await manager.sendUserEvent({ type: "user.setCamera", on: true });
    await manager.accept();
    await manager.receive(OFFER);
    await manager.sendEngineEvent(withoutVideo);
    assert.equal(offers(manager), 0);
    await manager.sendEngineEvent({ type: "peer.connected" });
    assert.equal(offers(manager), 1);
  });

  test("is not offered again where our own offer had a place and was answered without", async () => {
    const manager = new ManagerBench();
    await manager.startCall();
    await manager.receive({ type: "call-ack", mode: "browser" });
    await manager.receive(answerOf("without video"));
    await manager.sendEngineEvent(withoutVideo);
    await manager.sendEngineEvent({ type: "peer.connected" });
    assert.deepEqual([offers(manager), cameraState(manager)], [1, '"withheld"']);
    await cameraOn(manager);
    assert.equal(offers(manager), 2);
  });

  test("is asked for a limited number of times", async () => {
    const manager = await calledWithout(SCRIPT);
    for (let time = 0; time < 20; time += 1) {
      await cameraOn(manager);
      await manager.receive(answerOf(`answer ${time}`));
      await manager.sendEngineEvent(withoutVideo);
    }
    assert.equal(offers(manager), 8);
  });
});

describe("while our offer waits for its answer", () => {
  test("an offer of the caller is answered instead, since it wins glare", async () => {
    const manager = await calledWithout(SCRIPT);
    await cameraOn(manager);
    await manager.receive({ type: "call-offer", sdp: "the caller's own" });
    assert.equal(manager.effects.inputs("sendAnswer").length, 2);
    assert.equal(manager.phase(), "connected");
  });

  test("an offer of the callee is left alone by the caller, whose own offer stays", async () => {
    const manager = new ManagerBench();
    await manager.startCall();
    await manager.receive({ type: "call-ack", mode: "browser" });
    await manager.receive(answerOf("without video"));
    await manager.sendEngineEvent(withoutVideo);
    await manager.sendEngineEvent({ type: "peer.connected" });
    await cameraOn(manager);
    await manager.receive({ type: "call-offer", sdp: "the callee's own" });
    assert.equal(manager.effects.inputs("sendAnswer").length, 0);
    await manager.receive(answerOf("with video"));
    assert.equal(manager.linkState(), "connected");
  });

  test("a lost path is recovered as in any call", async () => {
    for (const loss of ["peer.disconnected", "peer.failed"] as const) {
      const manager = await calledWithout(SCRIPT);
      await cameraOn(manager);
      await manager.sendEngineEvent({ type: loss });
      assert.equal(manager.phase(), "reconnecting");
    }
  });
});

test("a screen that is shared in a call without a place for it is refused with one reason, and the place is offered", async () => {
  const manager = await calledWithout(PAGE);
  await manager.sendUserEvent({ type: "user.shareScreen", on: true, source: "monitor:one" });
  const { context, value } = manager.media();
  assert.equal(offers(manager), 1);
  assert.deepEqual([value.screen, context.screen?.end?.reason], ["off", "notTaken"]);
  await manager.receive(answerOf("with video"));
  await manager.sendEngineEvent(withVideo);
  await manager.sendUserEvent({ type: "user.shareScreen", on: true, source: "monitor:one" });
  assert.deepEqual(manager.media().value.screen, { sharing: "choosing" });
});
