// A camera for which the desktop asks the user: what a call does while the question is open.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import type { UserMediaEvent } from "../../../statecharts/index.ts";
import { FAKE_CAMERA_ID } from "../../support/fakes/fake-cameras.ts";
import { CallBench, settle } from "../../support/plugin/call-bench.ts";

const CALL = "call-1";
const benches: CallBench[] = [];
after(() => {
  for (const { manager } of benches) manager.stop();
});

const unanswered = () => new Promise<void>(() => undefined);

async function inCall(permission?: Promise<void>): Promise<CallBench> {
  const bench = new CallBench();
  benches.push(bench);
  bench.cameras.permission = permission;
  await bench.takeVideoCall(CALL);
  return bench;
}

const send = (bench: CallBench, event: UserMediaEvent): Promise<void> => bench.sendToCall(CALL, event);

const cameraOf = (bench: CallBench) =>
  bench.calls()[0]?.ref.getSnapshot().children.media?.getSnapshot()?.context.camera;

describe("while the desktop asks for the camera", () => {
  test("switching the camera off closes the question, and switching it on opens another camera", async () => {
    const bench = await inCall(unanswered());
    await send(bench, { type: "user.setCamera", on: false });
    assert.equal(bench.cameras.withdrawn, 1);
    bench.cameras.permission = undefined;
    await send(bench, { type: "user.setCamera", on: true });
    assert.equal(cameraOf(bench)?.open?.deviceId, FAKE_CAMERA_ID);
  });

  test("the end of the call closes the question, and no camera is open", async () => {
    const bench = await inCall(unanswered());
    bench.manager.send({ type: "user.toCall", callId: CALL, event: { type: "user.hangup" } });
    await settle();
    assert.deepEqual([bench.cameras.withdrawn, bench.cameras.opened], [1, []]);
  });

  test("another choice during a switch closes the question, and is no fault of the camera", async () => {
    const bench = await inCall();
    bench.cameras.devices = [...bench.cameras.devices, { id: "third", name: "Third", isDefault: false }];
    bench.cameras.permission = unanswered();
    await send(bench, { type: "user.useCamera", deviceId: "third" });
    bench.cameras.permission = undefined;
    await send(bench, { type: "user.useCamera", deviceId: "test-pattern" });
    assert.equal(bench.cameras.withdrawn, 1);
    bench.cameras.emitFrame();
    await settle();
    const { open, why, failedIds } = cameraOf(bench) ?? assert.fail("no camera");
    assert.deepEqual([open?.deviceId, why, failedIds], ["test-pattern", null, []]);
  });
});
