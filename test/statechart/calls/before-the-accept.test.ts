// What the user sets before the accept is kept in every state of a call that waits, and applied with the accept.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { UserMediaEvent } from "../../../statecharts/index.ts";
import { ACK, hangupOf, ManagerBench, requestOf } from "../support/start-manager.ts";

const REQUESTS: readonly UserMediaEvent[] = [
  { type: "user.setMicrophone", on: false },
  { type: "user.setCamera", on: false },
  { type: "user.useCamera", deviceId: "camera-2" },
  { type: "user.useMicrophone", deviceId: "microphone-2" },
  { type: "user.useSpeaker", deviceId: "speaker-2" },
];

const WAITING: Readonly<Record<string, () => Promise<ManagerBench>>> = {
  "whose request is being sent": async () => {
    const manager = new ManagerBench();
    manager.effects.hold("sendRequest");
    await manager.startCall();
    return manager;
  },
  "that waits for the accept": async () => {
    const manager = new ManagerBench();
    await manager.startCall();
    return manager;
  },
  "that lost in glare": async () => {
    const manager = new ManagerBench({ selfId: "carol" });
    await manager.startCall();
    await manager.receive(hangupOf("superseded"));
    return manager;
  },
  "that rings here": async () => {
    const manager = new ManagerBench();
    await manager.receive(requestOf());
    return manager;
  },
};

describe("a call", () => {
  for (const [name, begin] of Object.entries(WAITING)) {
    test(`${name} keeps what the user sets`, async () => {
      const manager = await begin();
      for (const request of REQUESTS) await manager.sendUserEvent(request);
      assert.deepEqual(manager.call().context.preference, {
        isMicrophoneOn: false,
        isCameraOn: false,
        devices: { camera: "camera-2", microphone: "microphone-2", speaker: "speaker-2" },
      });
    });
  }

  test("applies it with the accept of either side", async () => {
    for (const begin of [WAITING["that waits for the accept"], WAITING["that rings here"]]) {
      assert.ok(begin);
      const manager = await begin();
      for (const request of REQUESTS) await manager.sendUserEvent(request);
      if (manager.phase() === "ringing") await manager.accept();
      else await manager.receive(ACK);
      assert.equal(manager.activity("speaker").input.choice, "speaker-2");
      assert.deepEqual(manager.effects.running("camera"), []);
      const microphone = manager.activity("microphone");
      assert.equal(microphone.input.choice, "microphone-2");
      microphone.send({ type: "device.microphoneOpened", deviceId: "microphone-2", deviceName: "Two" });
      assert.deepEqual(microphone.commands, ["mute"]);
      assert.deepEqual(manager.media().value.microphone, { open: "muted" });
    }
  });
});
