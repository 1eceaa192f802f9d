// Two example hosts, which know only the OpenRPC document, with a real plugin each and an in-memory network between them.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { AwaitableQueue } from "../../plugin/host/conformance/awaitable-queue.ts";
import { ExampleHost, type Frame, type Message } from "../../plugin/host/example/host.ts";
import { SMALL_PICTURE } from "../support/fakes/small-picture.ts";

const MAIN = fileURLToPath(new URL("../../plugin/main.ts", import.meta.url));
const PROGRAM = fileURLToPath(new URL("../../plugin/host/example/program.ts", import.meta.url));
const ALICE = "12D3KooWA1iceindependent";
const BOB = "12D3KooWBobindependent11";
const SETTINGS = {
  camera: "test-pattern",
  microphone: "tone",
  speaker: "none",
  picture: SMALL_PICTURE,
  iceServers: [],
};

interface Notification {
  readonly method: string;
  readonly params: Record<string, unknown>;
}

function createTwoHosts() {
  const hosts = new Map<string, ExampleHost>();
  const notifications = new Map<string, AwaitableQueue<Notification>>();
  const topics = new Set<string>();
  for (const selfId of [ALICE, BOB]) {
    const received = new AwaitableQueue<Notification>();
    notifications.set(selfId, received);
    hosts.set(
      selfId,
      new ExampleHost({
        selfId,
        plugin: [process.execPath, MAIN],
        settings: SETTINGS,
        async send({ peerId, topic, payload }: Message) {
          topics.add(topic);
          const peer = hosts.get(peerId);
          if (!peer) throw new Error("no such peer");
          peer.receive({ peerId: selfId, topic, payload });
        },
        onNotification: (method, params) => received.add({ method, params }),
      }),
    );
  }
  const nextNotification = async (
    selfId: string,
    method: string,
    fits: (params: Notification["params"]) => boolean = () => true,
  ) => {
    const received = notifications.get(selfId);
    assert.ok(received);
    const found = await received.take(
      (one) => one.method === method && fits(one.params),
      `${method} of ${selfId}`,
    );
    return found.params;
  };
  const [alice, bob] = [hosts.get(ALICE), hosts.get(BOB)];
  assert.ok(alice && bob);
  return { alice, bob, nextNotification, topics };
}

async function firstFrames(host: ExampleHost, callId: string, count: number): Promise<Frame[]> {
  const frames: Frame[] = [];
  const last = Promise.withResolvers<void>();
  const end = await host.showFrames(callId, "remote", (frame) => {
    frames.push(frame);
    if (frames.length === count) last.resolve();
  });
  await last.promise;
  await end();
  return frames.slice(0, count);
}

describe("the example host", { timeout: 120_000 }, () => {
  test("makes a call over its own transport and shows the other side's frames", async () => {
    const { alice, bob, nextNotification, topics } = createTwoHosts();
    try {
      await Promise.all([alice.start(), bob.start()]);
      for (const id of [ALICE, BOB]) {
        const { peerId } = await nextNotification(id, "signalling.changed", ({ state }) => state === "ready");
        assert.equal(peerId, id);
      }
      const { callId } = (await alice.request("call.start", { peerId: BOB, media: "video" })) as {
        callId: string;
      };
      const incoming = await nextNotification(BOB, "call.incoming");
      assert.deepEqual([incoming.callId, incoming.peerId], [callId, ALICE]);
      await bob.request("call.accept", { callId });
      for (const id of [ALICE, BOB]) {
        await nextNotification(id, "call.changed", ({ phase }) => phase === "connected");
      }
      for (const host of [alice, bob]) {
        // More than the credit, so that acknowledgements are needed.
        const frames = await firstFrames(host, callId, 5);
        assert.deepEqual(
          frames.map(({ seq }) => seq),
          [1, 2, 3, 4, 5],
        );
        for (const { dataUrl, width } of frames) {
          const jpeg = Buffer.from(dataUrl.split("base64,")[1] ?? "", "base64");
          assert.deepEqual([...jpeg.subarray(0, 3)], [0xff, 0xd8, 0xff]);
          assert.ok(width > 0);
        }
      }
      await alice.request("call.hangup", { callId });
      const { reason, endedBy } = await nextNotification(BOB, "call.ended");
      assert.deepEqual([reason, endedBy], ["hungUp", "remote"]);
      assert.deepEqual([...topics], [`call:${callId}`]);
    } finally {
      await Promise.all([alice.stop(), bob.stop()]);
    }
  });

  test("runs as a program that calls, shows ten frames each way and ends with status 0", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM]);
    assert.equal(stdout.match(/: frame 10, \d+ × \d+$/gm)?.length, 2, stdout);
  });

  test("imports nothing of the product", () => {
    const folder = new URL("../../plugin/host/example/", import.meta.url);
    const sources = readdirSync(folder).filter((name) => name.endsWith(".ts"));
    assert.ok(sources.length >= 4);
    for (const name of sources) {
      const imports = [
        ...readFileSync(new URL(name, folder), "utf8").matchAll(/from "([^"]+)"|import\("([^"]+)"\)/g),
      ];
      for (const [, target = ""] of imports)
        assert.match(target, /^(node:|\.\/)/, `${name} imports ${target}`);
    }
  });
});
