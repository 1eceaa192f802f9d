// Calls switched off and on: the assessment of the findings, and its effect in every phase of a call.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Availability, DeviceList } from "../../rpc-schema/index.ts";
import {
  type CallSettings,
  decideMode,
  type Findings,
  judgeAvailability,
  modeIssue,
  refusalHere,
  refusalThere,
} from "../../statecharts/index.ts";
import {
  ANSWER,
  CALL,
  hangupOf,
  ManagerBench,
  PATHS,
  type PathName,
  requestOf,
} from "./support/start-manager.ts";

const device = (id: string) => ({ id, name: id, isDefault: false });
const listOf = (cameras: string[], microphones: string[]): DeviceList => ({
  cameras: [...cameras, "test-pattern"].map(device),
  microphones: [...microphones, "tone", "none"].map(device),
  speakers: [device("none")],
});

function judged(findings: Partial<Findings> = {}, settings: Partial<CallSettings> = {}): Availability {
  return judgeAvailability(
    { videoDisabled: false, camera: "auto", microphone: "auto", ...settings },
    {
      whyNoEngine: null,
      devices: listOf(["cam"], ["mic"]),
      engineRemedy: null,
      closedCameras: [],
      closedNodes: { paths: [], remedy: "" },
      ...findings,
    },
  );
}

describe("calls are possible", () => {
  test("with a camera, with a microphone, or with both", () => {
    for (const devices of [listOf(["cam"], []), listOf([], ["mic"]), listOf(["cam"], ["mic"])]) {
      assert.deepEqual(judged({ devices }), { videoDisabled: false });
    }
  });

  test("without any device if the settings name a built-in one", () => {
    const devices = listOf([], []);
    for (const settings of [{ camera: "test-pattern" }, { microphone: "tone" }]) {
      assert.equal(judged({ devices }, settings).videoDisabled, false);
    }
  });

  test("without any device if the user wants neither camera nor microphone", () => {
    const devices = listOf([], []);
    assert.equal(judged({ devices }, { camera: "none", microphone: "none" }).videoDisabled, false);
    assert.equal(judged({ devices }, { camera: "none" }).videoDisabled, true);
  });

  test("before the first list of devices", () => {
    assert.equal(judged({ devices: null }).videoDisabled, false);
  });

  test("with a closed camera and an open microphone", () => {
    const closed = { closedCameras: ["cam"], closedNodes: { paths: ["/dev/video0"], remedy: "Do this." } };
    assert.equal(judged(closed).videoDisabled, false);
  });
});

describe("calls are impossible, with cause and a remedy", () => {
  const closedNodes = { paths: ["/dev/video0"], remedy: "sudo usermod -aG video ann" };
  const cases: [string, Partial<Findings>, Partial<CallSettings>, Availability["cause"], RegExp][] = [
    ["the user's word", {}, { videoDisabled: true }, "user", /settings/],
    ["a missing engine", { whyNoEngine: "no addon" }, {}, "engine", /no addon.*Install/],
    ["no device", { devices: listOf([], []) }, {}, "device", /Plug one in/],
    [
      "a camera whose pictures cannot be shown",
      {
        devices: { ...listOf([], []), cameras: [{ ...device("cam"), name: "Webcam", problem: "format" }] },
        closedCameras: ["cam"],
      },
      {},
      "device",
      /pictures of Webcam cannot be shown.*doctor/,
    ],
    [
      "a camera that may not be opened",
      { devices: listOf(["cam"], []), closedCameras: ["cam"], closedNodes },
      {},
      "permission",
      /\/dev\/video0.*usermod/,
    ],
    [
      "a sound card that may not be opened",
      { devices: listOf([], []), closedNodes: { paths: ["/dev/snd/pcmC0D0c"], remedy: "Log in again" } },
      {},
      "permission",
      /pcmC0D0c.*Log in/,
    ],
  ];
  for (const [name, findings, settings, cause, why] of cases) {
    test(`by ${name}`, () => {
      const found = judged(findings, settings);
      assert.deepEqual([found.videoDisabled, found.cause], [true, cause]);
      assert.match(found.why ?? "", why);
    });
  }

  test("by an engine whose remedy is known, which replaces the general advice", () => {
    const engineRemedy = "Start it without this variable.";
    const { why } = judged({ whyNoEngine: "a library is in the way", engineRemedy });
    assert.match(why ?? "", /a library is in the way\. Start it without this variable\.$/);
  });

  test("and the user's setting comes before everything else", () => {
    const found = judged({ whyNoEngine: "no addon", devices: listOf([], []) }, { videoDisabled: true });
    assert.equal(found.cause, "user");
  });
});

describe("who makes the calls", () => {
  const on = (platform: string, webviewCanCall?: boolean) => ({ platform, webviewCanCall });

  test("is the plugin on Linux and the page elsewhere, unless the host states otherwise", () => {
    assert.equal(decideMode("auto", on("linux")), "native");
    assert.equal(decideMode("auto", on("linux", true)), "browser");
    assert.equal(decideMode("auto", on("linux", false)), "native");
    assert.equal(decideMode("auto", on("darwin")), "browser");
    assert.equal(decideMode("auto", on("win32", false)), "native");
  });

  test("is the side that the user forces, if it can work", () => {
    assert.equal(decideMode("native", on("darwin")), "native");
    assert.equal(modeIssue("native", on("darwin", true)), null);
    assert.equal(modeIssue("browser", on("darwin")), null);
    assert.equal(modeIssue("browser", on("linux", true)), null);
  });

  test("cannot be a page that cannot call", () => {
    for (const host of [on("linux"), on("linux", false), on("darwin", false)]) {
      assert.deepEqual([modeIssue("browser", host)?.field, modeIssue("auto", host)], ["mode", null]);
    }
  });

  test("decides by which error a call is refused", () => {
    const off = (cause: Availability["cause"]) => ({ videoDisabled: true, cause, why: "since so" });
    assert.equal(refusalHere("native", { videoDisabled: false }), null);
    assert.equal(refusalHere("browser", off("user"))?.kind, "callsInPage");
    assert.deepEqual(refusalHere("native", off("user")), { kind: "callsDisabled", message: "since so" });
    assert.deepEqual(refusalHere("native", off("device")), { kind: "callsUnavailable", message: "since so" });
  });

  test("refuses a peer with calls switched off, by its name", () => {
    const bob = { peerId: "bobbobbob", label: "Bob", addresses: [], reachable: true, videoDisabled: true };
    assert.deepEqual(refusalThere(bob), {
      kind: "peerCallsDisabled",
      message: "Bob has calls switched off",
    });
    assert.equal(refusalThere({ ...bob, videoDisabled: false }), null);
    assert.equal(refusalThere(undefined), null);
  });
});

describe("without a device, or without the permission for it", () => {
  const on = { type: "availability.changed", videoDisabled: false } as const;

  for (const cause of ["device", "permission"] as const) {
    const lost = { type: "availability.changed", videoDisabled: true, cause } as const;

    for (const [name, walk] of Object.entries(PATHS) as [PathName, () => Promise<ManagerBench>][]) {
      test(`a call that is ${name} continues (${cause}) until the user switches calls off`, async () => {
        const manager = await walk();
        const phase = manager.phase();
        await manager.send(lost);
        assert.deepEqual([manager.phase(), manager.hangups()], [phase, []]);
        await manager.send({ ...lost, cause: "user" });
        manager.assertEnded("videoDisabled", "local");
        assert.deepEqual(manager.hangups(), ["videoDisabled"]);
      });
    }

    test(`another caller is refused (${cause}), and later refused as busy`, async () => {
      const manager = await PATHS.connectedOut();
      await manager.send(lost);
      await manager.receive(requestOf(), { from: "carol", callId: "call-2" });
      assert.deepEqual(manager.refusals(), [{ callId: "call-2", peerId: "carol", reason: "videoDisabled" }]);
      await manager.send(on);
      await manager.receive(requestOf(), { from: "carol", callId: "call-3" });
      assert.equal(manager.phase(), "connected");
      assert.deepEqual(manager.refusals().at(-1), { callId: "call-3", peerId: "carol", reason: "busy" });
    });
  }
});

describe("when calls are switched off", () => {
  const off = { type: "availability.changed", videoDisabled: true } as const;
  const on = { type: "availability.changed", videoDisabled: false } as const;

  for (const [name, walk] of Object.entries(PATHS) as [PathName, () => Promise<ManagerBench>][]) {
    test(`a call that is ${name} ends as videoDisabled, the peer is notified, and nothing stays open`, async () => {
      const manager = await walk();
      await manager.send(off);
      manager.assertEnded("videoDisabled", "local");
      assert.deepEqual(manager.hangups(), ["videoDisabled"]);
    });
  }

  test("a caller is refused without ringing, and the manager has no call", async () => {
    const manager = new ManagerBench();
    await manager.send(off);
    await manager.receive(requestOf());
    assert.deepEqual(manager.refusals(), [{ callId: CALL, peerId: "bob", reason: "videoDisabled" }]);
    assert.deepEqual([manager.phase(), manager.effects.count("notifyHostOfCall")], ["gone", 0]);
  });

  test("our user cannot start a call until they are on again", async () => {
    const manager = new ManagerBench();
    await manager.send(off);
    await manager.startCall();
    assert.equal(manager.phase(), "gone");
    await manager.send(on);
    await manager.startCall();
    assert.equal(manager.phase(), "requesting");
  });

  test("a late duplicate of a refused request does not ring when they are on again, but another request does", async () => {
    const manager = new ManagerBench();
    await manager.send(off);
    await manager.receive(requestOf());
    await manager.send(on);
    await manager.receive(requestOf());
    assert.deepEqual([manager.phase(), manager.refusals().length], ["gone", 2]);
    await manager.receive(requestOf(), { callId: "call-2" });
    assert.equal(manager.phase("call-2"), "ringing");
  });

  test("a peer that expects an unknown call is refused, and a hang-up is not answered", async () => {
    const manager = new ManagerBench();
    await manager.send(off);
    await manager.receive(ANSWER);
    await manager.receive(hangupOf());
    assert.deepEqual(manager.refusals(), [{ callId: CALL, peerId: "bob", reason: "unknownCall" }]);
    assert.equal(manager.context.unmatchedSignals, 2);
  });

  test("an ending call still receives its signals, but not those of other peers", async () => {
    const manager = await PATHS.connectedOut();
    manager.effects.hold("sendHangup");
    await manager.send(off);
    await manager.receive(hangupOf(), { from: "carol" });
    await manager.receive(hangupOf("hungUp"));
    assert.deepEqual([manager.context.foreignSignals, manager.ends().length], [1, 0]);
    assert.equal(manager.phase(), "ended");
  });

  test("the manager closes as usual", async () => {
    const manager = new ManagerBench();
    await manager.send(off);
    await manager.send({ type: "manager.close", reason: "shutdown" });
    assert.equal(manager.actor.getSnapshot().status, "done");
  });
});
