// Which changes of device nodes are reported as a change of the cameras. The kernel's own events are used, in a folder that
// replaces /dev.

import assert from "node:assert/strict";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { Worker } from "node:worker_threads";
import type { CameraInfo } from "../../../native/types.ts";
import { createCameras } from "../../../plugin/camera/create-cameras.ts";
import { monitorNodes } from "../../../plugin/camera/device-nodes.ts";
import { refusingNative } from "../../support/fakes/refusing-native.ts";

const QUIET_MS = 20;

interface Nodes {
  readonly directory: string;
  node(name: string): Promise<void>;
  remove(name: string): Promise<void>;
}

async function withNodes(work: (nodes: Nodes) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "nodes-"));
  try {
    await work({
      directory,
      node: (name) => writeFile(join(directory, name), ""),
      remove: (name) => rm(join(directory, name), { recursive: true }),
    });
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** Each call of `next` waits for one reported change. */
function changes() {
  let waiting: (() => void) | undefined;
  let count = 0;
  const report = () => {
    count += 1;
    waiting?.();
  };
  const next = async () => {
    const seen = count;
    while (count === seen) {
      await new Promise<void>((resolve) => {
        waiting = resolve;
      });
    }
  };
  return { report, next, count: () => count };
}

describe("device nodes", { timeout: 60_000 }, () => {
  test("a node that appears, changes its permission and disappears is reported each time", async () => {
    await withNodes(async ({ directory, node, remove }) => {
      const { report, next } = changes();
      const stop = monitorNodes({ directory, quietMs: QUIET_MS }, report);
      try {
        for (const act of [
          () => node("video0"),
          () => chmod(join(directory, "video0"), 0o600),
          () => remove("video0"),
        ]) {
          const change = next();
          await act();
          await change;
        }
      } finally {
        stop();
      }
    });
  });

  test("a folder of stable names that appears later is watched too", async () => {
    await withNodes(async ({ directory }) => {
      const { report, next } = changes();
      const stop = monitorNodes({ directory, quietMs: QUIET_MS }, report);
      try {
        const folder = next();
        await mkdir(join(directory, "v4l/by-id"), { recursive: true });
        await folder;
        const name = next();
        await symlink("../../video0", join(directory, "v4l/by-id/usb-Maker_Camera"));
        await name;
      } finally {
        stop();
      }
    });
  });

  test("nodes of other devices are not reported", async () => {
    await withNodes(async ({ directory, node }) => {
      const { report, next, count } = changes();
      const stop = monitorNodes({ directory, quietMs: QUIET_MS }, report);
      try {
        for (const name of ["null", "video", "video0x", "ttyUSB0"]) await node(name);
        const change = next();
        // The kernel keeps the order, so earlier events have been handled when this one is reported.
        await node("video7");
        await change;
        assert.equal(count(), 1);
      } finally {
        stop();
      }
    });
  });

  test("watching a missing directory causes no error and no reports", () => {
    monitorNodes({ directory: "/no/such/directory", quietMs: QUIET_MS }, () => assert.fail("reported"))();
  });

  test("watching does not keep the process alive", async () => {
    const module = new URL("../../../plugin/camera/device-nodes.ts", import.meta.url).href;
    const code = `const { monitorNodes } = await import(${JSON.stringify(module)});
      monitorNodes({ directory: "/dev", quietMs: 60000 }, () => {});`;
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`));
    assert.deepEqual(await once(worker, "exit"), [0]);
  });
});

describe("the watched list of cameras", { timeout: 60_000 }, () => {
  const camera = (number: number, modes: CameraInfo["modes"] = []): CameraInfo => ({
    path: `/dev/video${number}`,
    id: `usb-${number} Camera`,
    otherIds: [],
    name: "Camera",
    modes,
  });

  test("is reported when its cameras differ, and not when another node changes", async () => {
    await withNodes(async ({ directory, node }) => {
      let present: CameraInfo[] = [camera(0)];
      const cameras = createCameras(
        { ...refusingNative, listCameras: () => present },
        { directory, quietMs: QUIET_MS },
      );
      const lists: (string | undefined)[] = [];
      const { report, next } = changes();
      const stopCameras = cameras.watch((devices) => {
        lists.push(devices[0]?.id);
        report();
      });
      // Timers fire in the order of their start, so this one fires last.
      const { report: later, next: nextLater } = changes();
      const stopNodes = monitorNodes({ directory, quietMs: 2 * QUIET_MS }, later);
      try {
        const metadata = nextLater();
        await node("video1");
        await metadata;
        assert.deepEqual(lists, []);
        present = [camera(2)];
        const change = next();
        await node("video2");
        await change;
        assert.deepEqual(lists, ["usb-2 Camera"]);
      } finally {
        stopCameras();
        stopNodes();
      }
    });
  });

  test("is reported when a forbidden camera becomes accessible", async () => {
    await withNodes(async ({ directory, node }) => {
      let present = [camera(0)];
      const native = { ...refusingNative, listCameras: () => present };
      const cameras = createCameras(native, { directory, quietMs: QUIET_MS });
      const { report, next } = changes();
      const stop = cameras.watch(report);
      try {
        present = [camera(0, [{ width: 640, height: 480, fps: 30, fourcc: "YUYV" }])];
        const change = next();
        await node("video0");
        await change;
      } finally {
        stop();
      }
    });
  });
});
