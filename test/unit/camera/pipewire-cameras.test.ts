// What PipeWire tells of its cameras, and what happens without it.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { PipeWire, PipeWireState } from "../../../native/pipewire.ts";
import { pipeWireSocket } from "../../../native/pipewire.ts";
import { createPipeWireCameras } from "../../../plugin/camera/pipewire-cameras.ts";
import { MODE, node, v4l2 } from "../../support/camera/listed-cameras.ts";

describe("PipeWire", () => {
  const CALLBACKS = { onFrame: () => assert.fail("no frame"), onError: (error: Error) => assert.fail(error) };
  const SETTLED: PipeWireState = {
    isSettled: true,
    isConnected: true,
    isRefused: false,
    problem: "",
    nodes: [node("front")],
  };

  function scripted(answers: boolean, settled = SETTLED): PipeWire {
    return {
      connect(_address, onChange) {
        if (answers) setImmediate(onChange);
        return {
          state: () => (answers ? settled : { ...settled, isSettled: false, nodes: [] }),
          open: () => Promise.reject(new Error("not opened here")),
          close: () => Promise.resolve(),
        };
      },
    };
  }

  test("that cannot be loaded leaves V4L2's cameras, and says why", async () => {
    const load = () => {
      throw new Error("libpipewire-0.3.so.0: cannot open shared object file");
    };
    const cameras = createPipeWireCameras({
      env: { XDG_RUNTIME_DIR: "/run/user/1" },
      log: () => undefined,
      load,
    });
    await cameras.ready();
    assert.deepEqual(
      cameras.listWith([v4l2(0)]).map(({ id }) => id),
      ["usb-0"],
    );
    assert.match(cameras.report().libraryProblem ?? "", /^libpipewire-0\.3\.so\.0: cannot open/);
    await assert.rejects(cameras.open("pipewire:front", MODE, CALLBACKS), {
      errno: "ENOENT",
    });
  });

  test("has its first list when it is ready, and tells its listeners", async () => {
    const load = () => scripted(true);
    const cameras = createPipeWireCameras({
      env: { XDG_RUNTIME_DIR: "/run/user/1" },
      log: () => undefined,
      load,
    });
    let changes = 0;
    const stop = cameras.watch(() => changes++);
    await cameras.ready();
    assert.deepEqual(cameras.report(), {
      cameras: ["front"],
      unreadable: [],
      libraryProblem: null,
      accessProblem: null,
      portal: null,
    });
    assert.equal(changes, 1);
    stop();
    await cameras.close();
    assert.deepEqual(cameras.listWith([]), []);
  });

  test("that does not answer does not hold up the list", async () => {
    const load = () => scripted(false);
    const cameras = createPipeWireCameras({
      env: { XDG_RUNTIME_DIR: "/run/user/1" },
      log: () => undefined,
      load,
    });
    await cameras.ready();
    assert.deepEqual(cameras.listWith([v4l2(0)]).length, 1);
    assert.equal(cameras.report().accessProblem, "PipeWire does not answer this program");
  });

  test("that refuses this process, and one that does not run, are told apart", async () => {
    const problemOf = async (isRefused: boolean, problem: string) => {
      const state = { ...SETTLED, isConnected: false, nodes: [], isRefused, problem };
      const load = () => scripted(true, state);
      const cameras = createPipeWireCameras({
        env: { XDG_RUNTIME_DIR: "/run/user/1" },
        log: () => undefined,
        load,
      });
      await cameras.ready();
      return cameras.report().accessProblem;
    };
    assert.equal(
      await problemOf(true, "PipeWire refuses this program: no permission"),
      "PipeWire refuses this program: no permission",
    );
    assert.equal(
      await problemOf(false, "no PipeWire at /run/user/1/pipewire-0: No such file or directory"),
      null,
    );
  });

  test("names the formats of a camera that cannot be shown, when it is opened and for doctor", async () => {
    const coded = node("stream", { modes: [], otherFormats: ["H264"] });
    const load = () => scripted(true, { ...SETTLED, nodes: [coded] });
    const cameras = createPipeWireCameras({
      env: { XDG_RUNTIME_DIR: "/run/user/1" },
      log: () => undefined,
      load,
    });
    await cameras.ready();
    await assert.rejects(cameras.open("pipewire:stream", MODE, CALLBACKS), {
      errno: "EPROTO",
      message: "The camera pipewire:stream offers only H264, which cannot be shown",
    });
    const { cameras: usable, unreadable } = cameras.report();
    assert.deepEqual([usable, unreadable], [[], [{ name: "stream", formats: ["H264"] }]]);
  });

  test("is looked for where its own library looks", () => {
    assert.equal(pipeWireSocket({ XDG_RUNTIME_DIR: "/run/user/1" }), "/run/user/1/pipewire-0");
    assert.equal(
      pipeWireSocket({
        XDG_RUNTIME_DIR: "/run/user/1",
        PIPEWIRE_RUNTIME_DIR: "/tmp/p",
        PIPEWIRE_REMOTE: "other",
      }),
      "/tmp/p/other",
    );
    assert.equal(pipeWireSocket({ PIPEWIRE_REMOTE: "/srv/socket" }), "/srv/socket");
    assert.equal(pipeWireSocket({}), null);
  });
});
