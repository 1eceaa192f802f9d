// When the cameras' portal is asked, and what happens to the list then. PipeWire and the portal are fakes.

import assert from "node:assert/strict";
import { closeSync } from "node:fs";
import { describe, test } from "node:test";
import { NOTHING_CAPTURED } from "../../../native/frame-faults.ts";
import type { PipeWire, PipeWireAddress, PipeWireNode, PipeWireState } from "../../../native/pipewire.ts";
import type { Capture } from "../../../native/types.ts";
import { createCameras } from "../../../plugin/camera/create-cameras.ts";
import { createPipeWireCameras } from "../../../plugin/camera/pipewire-cameras.ts";
import { AskedCameras } from "../../../plugin/camera/portal/asked-cameras.ts";
import { cameraPortalContract } from "../../contract/camera/camera-portal.contract.ts";
import { FakeCameraDesktop } from "../../support/camera/fake-camera-portal.ts";
import { MODE, node } from "../../support/camera/listed-cameras.ts";
import { refusingNative } from "../../support/fakes/refusing-native.ts";

const CALLBACKS = { onFrame: () => assert.fail("no frame"), onError: (error: Error) => assert.fail(error) };
const SILENT: PipeWireState = {
  isSettled: false,
  isConnected: false,
  isRefused: false,
  problem: "",
  nodes: [],
};
const GONE: PipeWireState = {
  ...SILENT,
  isSettled: true,
  problem: "no PipeWire at /run/pipewire-0: Host is down",
};
const REFUSED: PipeWireState = {
  ...GONE,
  isRefused: true,
  problem: "PipeWire refuses this program: rejected",
};
const capture: Capture = {
  mode: MODE,
  notes: [],
  counters: () => NOTHING_CAPTURED,
  close: () => Promise.resolve(),
};

let desktop = new FakeCameraDesktop();
cameraPortalContract("the fake", {
  open: (onChange) => {
    if (desktop.portals.size === 0) desktop = new FakeCameraDesktop();
    return desktop.open(onChange);
  },
  question: () => desktop.question(),
  questions: () => desktop.questions,
  crash: async () => desktop.crash(),
  restart: async () => desktop.restart(),
});

/** PipeWire, whose connections a test moves. Those by descriptor begin with `behind`. */
class ScriptedPipeWire implements PipeWire {
  readonly connections: { move(state: PipeWireState): void; isOpen: boolean; readonly byPortal: boolean }[] =
    [];
  socket: PipeWireState = GONE;
  behind: PipeWireState = connected(node("front"));
  readonly opened: string[] = [];

  connect(address: PipeWireAddress, onChange: () => void) {
    let state = "fd" in address ? this.behind : this.socket;
    if ("fd" in address) closeSync(address.fd);
    const connection = {
      byPortal: "fd" in address,
      isOpen: true,
      move(next: PipeWireState) {
        state = next;
        onChange();
      },
    };
    this.connections.push(connection);
    setImmediate(() => connection.isOpen && state.isSettled && onChange());
    return {
      state: () => state,
      open: async ({ path }: { path: string }) => {
        this.opened.push(path);
        return capture;
      },
      close: async () => {
        connection.isOpen = false;
      },
    };
  }
}

function connected(...nodes: PipeWireNode[]): PipeWireState {
  return { isSettled: true, isConnected: true, isRefused: false, problem: "", nodes };
}

async function started({ socket = GONE, hasCamera = true, env = { XDG_RUNTIME_DIR: "/run" } } = {}) {
  const pipeWire = new ScriptedPipeWire();
  pipeWire.socket = socket;
  const desktop = new FakeCameraDesktop();
  desktop.hasCamera = hasCamera;
  const pipewire = createPipeWireCameras({
    ...{ env, log: () => undefined, load: () => pipeWire, mostWaitMs: 30_000 },
    openPortal: (onChange) => desktop.open(onChange),
  });
  const cameras = createCameras({ ...refusingNative, listCameras: () => [] }, undefined, undefined, {
    pipewire,
    repeat: () => () => undefined,
  });
  await cameras.ready();
  const ids = () => pipewire.listWith([]).map(({ id }) => id);
  const open = (choice: string, signal?: AbortSignal) => cameras.open(choice, MODE, CALLBACKS, signal);
  return { pipeWire, desktop, pipewire, cameras, ids, open };
}

describe("the cameras' portal", () => {
  test("is not asked where PipeWire lets the program in, also not while its daemon starts again", async () => {
    const { pipeWire, desktop, ids } = await started({ socket: connected(node("own")) });
    assert.deepEqual([ids(), desktop.portals.size], [["pipewire:own"], 0]);
    pipeWire.connections[0]?.move(GONE);
    assert.deepEqual([ids(), desktop.portals.size], [[], 0]);
  });

  test("is asked where the daemon is not there or refuses the program, and where no socket is known", async () => {
    for (const options of [{ socket: GONE }, { socket: REFUSED }, { env: { XDG_RUNTIME_DIR: "" } }]) {
      const { ids, pipewire, desktop } = await started(options);
      assert.deepEqual([ids(), desktop.questions], [["portal:camera"], 0]);
      assert.deepEqual(pipewire.report().portal, { problem: null });
    }
  });

  test("gives way to PipeWire that starts later", async () => {
    const { pipeWire, desktop, ids } = await started();
    pipeWire.connections[0]?.move(connected(node("own")));
    assert.deepEqual([ids(), desktop.portals.size], [["pipewire:own"], 0]);
  });

  test("lists a camera while the desktop has one, and each change is told", async () => {
    const { desktop, ids, pipewire, open } = await started({ hasCamera: false });
    const lists: string[][] = [];
    const stop = pipewire.watch(() => lists.push(ids()));
    await assert.rejects(open("auto"), { message: "there is no camera" });
    desktop.setCamera(true);
    desktop.setCamera(false);
    assert.deepEqual([lists, desktop.questions], [[["portal:camera"], []], 0]);
    assert.deepEqual(pipewire.report().portal, { problem: "knows of no camera" });
    stop();
  });

  test("is asked once by two openings at the same time, and both get the camera", async () => {
    const { pipeWire, desktop, open, ids } = await started();
    const openings = [open("auto"), open("pipewire:front"), open("portal:camera")];
    (await desktop.question()).allow();
    const opened = await Promise.all(openings);
    assert.deepEqual(
      opened.map(({ deviceId }) => deviceId),
      Array(3).fill("pipewire:front"),
    );
    assert.deepEqual([desktop.questions, ids()], [1, ["pipewire:front"]]);
    assert.equal(pipeWire.connections.filter(({ byPortal }) => byPortal).length, 1);
  });

  test("is asked again after its connection to PipeWire ended", async () => {
    const { pipeWire, desktop, open, ids } = await started();
    desktop.isAllowed = true;
    await open("auto");
    pipeWire.connections.at(-1)?.move({ ...GONE, problem: "the connection to PipeWire ended" });
    assert.deepEqual(ids(), ["portal:camera"]);
    assert.equal((await open("pipewire:front")).deviceId, "pipewire:front");
    assert.equal(pipeWire.connections.filter(({ byPortal }) => byPortal).length, 2);
  });

  test("leaves nothing open when the opening is withdrawn while PipeWire shows no camera yet", async () => {
    const { pipeWire, desktop, open, ids } = await started();
    desktop.isAllowed = true;
    pipeWire.behind = SILENT;
    const withdrawal = new AbortController();
    const failed = assert.rejects(open("auto", withdrawal.signal), { message: "not any more" });
    while (!pipeWire.connections.some(({ byPortal }) => byPortal)) await new Promise(setImmediate);
    withdrawal.abort(new Error("not any more"));
    await failed;
    assert.equal(pipeWire.connections.at(-1)?.isOpen, false);
    assert.deepEqual([ids(), pipeWire.opened], [["portal:camera"], []]);
  });

  test("closes its question when the opening is withdrawn, so the next one asks again", async () => {
    const { desktop, open } = await started();
    const withdrawal = new AbortController();
    const failed = assert.rejects(open("auto", withdrawal.signal), { message: "not any more" });
    const { closed } = await desktop.question();
    withdrawal.abort(new Error("not any more"));
    await Promise.all([failed, closed]);
    const opening = open("auto");
    (await desktop.question()).allow();
    assert.equal((await opening).deviceId, "pipewire:front");
  });

  test("names a remembered camera that is not behind it", async () => {
    const { desktop, open } = await started();
    desktop.isAllowed = true;
    await assert.rejects(open("pipewire:back"), {
      kind: "unknownDevice",
      message: "There is no camera pipewire:back",
    });
  });
});

describe("cameras that need permission", () => {
  function asked() {
    const pipeWire = new ScriptedPipeWire();
    const desktop = new FakeCameraDesktop();
    let now = 0;
    const cameras = new AskedCameras({
      ...{ pipeWire, onChange: () => undefined, nowMs: () => now, showsMs: 0 },
      openPortal: (onChange) => desktop.open(onChange),
    });
    return { pipeWire, desktop, cameras, pass: (ms: number) => (now += ms) };
  }

  test("are not asked for again for 20 s after a refusal, and are listed without permission", async () => {
    const { desktop, cameras, pass } = asked();
    await cameras.ready();
    const refused = assert.rejects(cameras.allow(), { errno: "EACCES" });
    (await desktop.question()).refuse();
    await refused;
    assert.equal(cameras.listed()?.asksFirst, false);
    pass(19_999);
    await assert.rejects(cameras.allow(), { errno: "EACCES" });
    assert.equal(desktop.questions, 1);
    pass(1);
    const allowed = cameras.allow();
    (await desktop.question()).refuse();
    await assert.rejects(allowed, { errno: "EACCES" });
  });

  test("that PipeWire does not show are an error, and the connection is closed", async () => {
    const { pipeWire, desktop, cameras } = asked();
    await cameras.ready();
    desktop.isAllowed = true;
    for (const behind of [connected(), SILENT, GONE]) {
      pipeWire.behind = behind;
      await assert.rejects(cameras.allow(), {
        errno: "ENODEV",
        message: /^The desktop allows the camera, but/,
      });
      assert.equal(pipeWire.connections.at(-1)?.isOpen, false);
      assert.equal(cameras.listed()?.id, "portal:camera");
    }
  });

  test("are closed with the list, also while the user is asked", async () => {
    const { desktop, cameras } = asked();
    await cameras.ready();
    const failed = assert.rejects(cameras.allow(), { errno: "ECONNRESET" });
    const { closed } = await desktop.question();
    await cameras.close();
    await Promise.all([failed, closed]);
    assert.equal(desktop.portals.size, 0);
  });
});
