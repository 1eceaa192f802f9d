// A camera of PipeWire in a call: the stamps that its node draws are read on the remote page's canvas. The node and the daemon
// then go and come back during the call.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Host, startHost } from "../../../plugin/host/host.ts";
import { ownAddress } from "../../../plugin/host/pair.ts";
import type { Browser } from "../../support/browser/browser.ts";
import { startChromium } from "../../support/browser/chromium.ts";
import { startVideoDaemon, type VideoDaemon, type VideoNode } from "../../support/camera/video-daemon.ts";
import { SMALL_PICTURE } from "../../support/fakes/small-picture.ts";
import {
  stampDelayMs,
  startRecording,
  takeDrawn,
  waitForDrawn,
} from "../../support/pictures/stamp-reader.ts";

const FRAMES = 20;
const id = (testId: string) => `[data-testid="${testId}"]`;

describe("a camera of PipeWire in a call", () => {
  let daemon: VideoDaemon;
  let camera: VideoNode;
  /** Unix time in ms. Frames of this camera were captured later. */
  let addedAt = 0;
  let browser: Browser;
  const hosts: Host[] = [];

  async function start(label: string, source: string, env: NodeJS.ProcessEnv): Promise<Host> {
    const host = await startHost({
      label,
      env,
      settings: {
        camera: source,
        microphone: "tone",
        speaker: "none",
        ringtone: "off",
        iceServers: [],
        picture: SMALL_PICTURE,
        signalling: { listen: ["/ip4/127.0.0.1/tcp/0"], mdns: false },
      },
    });
    hosts.push(host);
    return host;
  }

  const addCamera = async () => {
    addedAt = Date.now();
    camera = await daemon.addNode({ name: "front", description: "Front camera", modes: ["YUY2:640x480@30"] });
  };

  async function assertSeen(): Promise<void> {
    await startRecording(browser);
    await waitForDrawn(browser, "remote", FRAMES);
    const remote = (await takeDrawn(browser)).filter(({ source }) => source === "remote");
    const capturedAt = remote.flatMap(({ stamp, drawnAt }) =>
      stamp ? [drawnAt - stampDelayMs(stamp.ticks, drawnAt)] : [],
    );
    assert.ok(
      capturedAt.length >= FRAMES * 0.9,
      `${capturedAt.length} of ${remote.length} stamps could be read`,
    );
    assert.ok(
      capturedAt.every((at) => at >= addedAt),
      "a frame of an earlier camera was drawn",
    );
  }

  before(async () => {
    daemon = await startVideoDaemon();
    await addCamera();
    const alice = await start("Alice", "auto", daemon.env);
    const bob = await start("Bob", "none", process.env);
    browser = await startChromium();
    await browser.open(bob.url);
    await alice.plugin.request("contacts.add", { address: await ownAddress(bob) });
    await bob.plugin.request("contacts.add", { address: await ownAddress(alice) });
    const peerId = bob.state.signalling?.peerId ?? "";
    await alice.plugin.request("call.start", { peerId, media: "video" });
    await browser.waitFor(id("incoming-dialog"));
    await browser.click(id("accept-video"));
  });
  after(async () => {
    await browser?.close();
    await Promise.all(hosts.map((host) => host.stop()));
    await daemon?.stop();
  });

  test("is listed and reaches the remote canvas", async () => {
    const { cameras } = (await hosts[0]?.plugin.request("devices.list", {})) ?? {};
    assert.deepEqual(cameras?.[0], { id: "pipewire:front", name: "Front camera", isDefault: true });
    await assertSeen();
  });

  test("is shown as off when its node goes, and again when it comes back", async () => {
    await camera.remove();
    await browser.waitFor(id("remote-camera-off"));
    await addCamera();
    await assertSeen();
  });

  test("is shown as off when the daemon dies, and again when it runs again", async () => {
    await daemon.crash();
    await browser.waitFor(id("remote-camera-off"));
    await camera.remove();
    await daemon.start();
    await addCamera();
    await assertSeen();
  });
});
