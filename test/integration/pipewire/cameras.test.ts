// Cameras of a real PipeWire daemon: the camera contract, every format and kind of memory, and what may happen to a camera.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createConnection } from "node:net";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { loadNative } from "../../../native/index.ts";
import type { Cameras } from "../../../plugin/camera/camera.ts";
import { createCameras } from "../../../plugin/camera/create-cameras.ts";
import {
  createPipeWireCameras,
  type PipeWireCameras,
  type PipeWireCamerasOptions,
} from "../../../plugin/camera/pipewire-cameras.ts";
import { cameraContract } from "../../contract/camera.contract.ts";
import { assertDrawn, coloursAt, TakenFrames, within } from "../../support/camera/taken-frames.ts";
import {
  type NodeOptions,
  startVideoDaemon,
  type VideoDaemon,
  type VideoNode,
} from "../../support/camera/video-daemon.ts";
import { assertNotGrown, heldResources, releasedResources } from "../../support/process/held-resources.ts";

const CHILD = fileURLToPath(new URL("../../support/camera/connected-descriptor.child.ts", import.meta.url));
const FRONT: NodeOptions = { name: "front", description: "Front camera", modes: ["YUY2:640x480@30"] };
const FRONT_ID = "pipewire:front";
const SMALL = { width: 320, height: 240, fps: 30 };
const OPENS = 20;

const SHAPES: readonly Omit<NodeOptions, "name">[] = [
  ..."YUY2 UYVY NV12 I420 BGRx BGRA RGBx RGBA xBGR xRGB RGB MJPG"
    .split(" ")
    .map((format) => ({ modes: [`${format}:320x240@30`] })),
  { modes: ["NV12:320x240@30"], padding: 64 },
  { modes: ["BGRx:320x240@30"], padding: 256 },
  { modes: ["NV12:320x240@30"], planes: "separate" },
  { modes: ["I420:320x240@30"], planes: "separate", padding: 32 },
  { modes: ["YUY2:320x240@30"], memory: "DmaBuf" },
  { modes: ["YUY2:320x240@30"], memory: "MemPtr" },
  { modes: ["BGRx:320x240@0"] },
];

/** The transform, the size that is shown, and where the white bar is: at the lower right of the frame as it is drawn. */
const TRANSFORMS: readonly (readonly [number, number, number, readonly [number, number]])[] = [
  [1, 240, 320, [10, 300]],
  [2, 320, 240, [20, 10]],
  [3, 240, 320, [230, 20]],
  [4, 320, 240, [20, 230]],
  [5, 240, 320, [230, 300]],
];

const daemon: VideoDaemon = await startVideoDaemon();
/** Shorter than for users, and still much longer than a busy machine leaves between two frames. */
const SILENCE_MS = 1_500;
const options: PipeWireCamerasOptions = { env: daemon.env, log: () => undefined, silenceMs: SILENCE_MS };
const pipewire: PipeWireCameras = createPipeWireCameras(options);
/** No V4L2 camera of this machine. */
const cameras: Cameras = createCameras({ ...loadNative(), listCameras: () => [] }, undefined, undefined, {
  pipewire,
});
let front: VideoNode;

/** Waits until the camera is listed, or not listed any more. */
async function listed(id: string, isThere: boolean, among = cameras): Promise<void> {
  const isSo = () => among.list().some((device) => device.id === id) === isThere;
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = among.watch(() => isSo() && resolve());
  if (isSo()) resolve();
  await within(`${id} ${isThere ? "in" : "out of"} the list`, promise).finally(stop);
}

async function addFront(options: Partial<NodeOptions> = {}): Promise<void> {
  front = await daemon.addNode({ ...FRONT, ...options });
  await listed(FRONT_ID, true);
}

async function removeFront(): Promise<void> {
  await front.remove();
  await listed(FRONT_ID, false);
}

async function whileOpen(work: (frames: TakenFrames) => Promise<void>, choice = FRONT_ID): Promise<void> {
  const frames = new TakenFrames();
  const camera = await cameras.open(choice, SMALL, frames);
  try {
    await work(frames);
  } finally {
    await camera.close();
  }
}

before(() => addFront());
after(async () => {
  await pipewire.close();
  await daemon.stop();
});

cameraContract({
  name: "a node of PipeWire",
  choice: FRONT_ID,
  create: () => cameras,
  exchange: { away: removeFront, back: () => addFront() },
});

describe("cameras of PipeWire", () => {
  test("are listed by the name of their node, with their modes, and screens are not", async () => {
    const screen = await daemon.addNode({ ...FRONT, name: "screen", role: "Screen" });
    const twin = await daemon.addNode({
      ...FRONT,
      name: "twin",
      modes: ["NV12:640x480@30", "MJPG:1280x720@15"],
    });
    await listed("pipewire:twin", true);
    const real = cameras.list().slice(0, -1);
    assert.deepEqual(
      real.map(({ id, isDefault }) => [id, isDefault]),
      [
        [FRONT_ID, true],
        ["pipewire:twin", false],
      ],
    );
    assert.deepEqual(
      cameras.modesOf("pipewire:twin").map(({ fourcc, width, fps }) => `${fourcc} ${width} ${fps}`),
      ["NV12 640 30", "MJPG 1280 15"],
    );
    await Promise.all([screen.remove(), twin.remove()]);
    await listed("pipewire:twin", false);
  });

  for (const shape of SHAPES) {
    const { modes, ...others } = shape;
    const words = [modes.join(), ...Object.entries(others).map((entry) => entry.join(" "))].join(", ");
    test(`show the right pixels of ${words}`, async () => {
      const node = await daemon.addNode({ name: "shape", ...shape });
      await listed("pipewire:shape", true);
      await whileOpen(async (frames) => assertDrawn(await frames.next(), words), "pipewire:shape");
      await node.remove();
      await listed("pipewire:shape", false);
    });
  }

  test("show the part of a buffer that holds the picture, such as a shared window", async () => {
    const node = await daemon.addNode({ name: "window", modes: ["BGRx:640x480@30"], crop: "160,0,320,480" });
    await listed("pipewire:window", true);
    await whileOpen(async (frames) => {
      const frame = await frames.next();
      assert.deepEqual([frame.width, frame.height], [320, 480]);
      // The second and the third of the four bars, each as wide as half of the part.
      assert.deepEqual(coloursAt(frame, [80, 440], [240, 440]), ["green", "blue"]);
      node.crop("0,0,640,480");
      assert.equal((await frames.failure()).errno, "ESTALE");
    }, "pipewire:window");
    await node.remove();
    await listed("pipewire:window", false);
  });

  for (const [transform, width, height, white] of TRANSFORMS) {
    test(`show a picture upright that comes with the transform ${transform}`, async () => {
      const node = await daemon.addNode({ name: "phone", modes: ["NV12:320x240@30"], transform });
      await listed("pipewire:phone", true);
      await whileOpen(async (frames) => {
        const frame = await frames.next();
        assert.deepEqual([frame.width, frame.height], [width, height]);
        assert.deepEqual(coloursAt(frame, white), ["white"]);
      }, "pipewire:phone");
      await node.remove();
      await listed("pipewire:phone", false);
    });
  }

  test("go on when the format changes and the size stays", async () => {
    await whileOpen(async (frames) => {
      assertDrawn(await frames.next(), "before");
      front.offer(["NV12:640x480@30"]);
      await within("the other format", front.streaming());
      await within("the other format", front.streaming());
      assertDrawn(await frames.next(), "afterwards");
    });
    front.offer(FRONT.modes);
  });

  test("fail when their size changes, and open again in the other size", async () => {
    await whileOpen(async (frames) => {
      await frames.next();
      front.offer(["YUY2:320x240@30"]);
      assert.equal((await frames.failure()).errno, "ESTALE");
    });
    await whileOpen(async (frames) => {
      const { width, height } = await frames.next();
      assert.deepEqual([width, height], [320, 240]);
    });
    await removeFront();
    await addFront();
  });

  test("fail as unplugged when their node goes, and have the same id when it comes back", async () => {
    await whileOpen(async (frames) => {
      await frames.next();
      await front.remove();
      assert.equal((await frames.failure()).errno, "ENODEV");
    });
    await listed(FRONT_ID, false);
    await addFront();
    await whileOpen(async (frames) => assertDrawn(await frames.next(), "afterwards"));
  });

  test("fail when they go silent, and when they send nothing from the start", async () => {
    await whileOpen(async (frames) => {
      await frames.next();
      front.silence();
      assert.equal((await frames.failure()).errno, "ETIMEDOUT");
    });
    await assert.rejects(cameras.open(FRONT_ID, SMALL, new TakenFrames()), { errno: "ETIMEDOUT" });
    await removeFront();
    await addFront();
  });

  test("with a format that cannot be shown are marked, last in the list, and not opened", async () => {
    const node = await daemon.addNode({
      name: "coded",
      description: "Coded camera",
      modes: ["H264:640x480@30"],
    });
    await listed("pipewire:coded", true);
    assert.deepEqual(
      cameras.list().map(({ id, problem }) => [id, problem]),
      [
        [FRONT_ID, undefined],
        ["pipewire:coded", "format"],
        ["test-pattern", undefined],
      ],
    );
    assert.deepEqual(pipewire.report().unreadable, [{ name: "Coded camera", formats: ["H264"] }]);
    await assert.rejects(cameras.open("pipewire:coded", SMALL, new TakenFrames()), /offers only H264/);
    await node.remove();
    await listed("pipewire:coded", false);
  });

  test("fail when the daemon dies, and have the same id when it runs again", async () => {
    await whileOpen(async (frames) => {
      await frames.next();
      await daemon.crash();
      assert.equal((await frames.failure()).errno, "ECONNRESET");
    });
    await listed(FRONT_ID, false);
    await front.remove();
    await daemon.start();
    await addFront();
    await whileOpen(async (frames) => assertDrawn(await frames.next(), "afterwards"));
  });

  test("come over a connected descriptor too, until the daemon goes", async () => {
    const socket = createConnection(daemon.socket);
    await once(socket, "connect");
    const child = spawn(process.execPath, [CHILD], { stdio: ["ignore", "pipe", "inherit", socket] });
    // The child alone holds the connection.
    socket.destroy();
    assert.ok(child.stdout);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const next = async () => JSON.parse((await within("a line", lines.next())).value ?? "null");
    assert.deepEqual(await next(), { name: "front", hasStamp: true });
    await daemon.crash();
    const { errno, problem, refused } = await next();
    assert.deepEqual([errno, refused], ["ECONNRESET", "ECONNRESET"]);
    assert.match(problem, /^the connection to PipeWire ended/);
    await front.remove();
    await daemon.start();
    await addFront();
  });

  test(`release every descriptor and thread when they are opened ${OPENS} times`, async () => {
    const openOnce = () => whileOpen(async (frames) => void (await frames.next()));
    await openOnce();
    const held = heldResources();
    for (let round = 0; round < OPENS; round++) await openOnce();
    assertNotGrown(held, await releasedResources(held));
  });
});
