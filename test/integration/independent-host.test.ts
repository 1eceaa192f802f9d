// Two hosts that know nothing of the product but its OpenRPC document, a bus between them, and a real plugin in each: a call.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { IndependentHost, type Message } from "../../plugin/host/example/host.ts";
import { SMALL_PICTURE } from "../support/fakes/small-picture.ts";
import { AwaitableQueue } from "../support/plugin/fake-plugin-executable.ts";

const MAIN = fileURLToPath(new URL("../../plugin/main.ts", import.meta.url));
const ALICE = "12D3KooWA1iceindependent";
const BOB = "12D3KooWBobindependent11";
const SETTINGS = {
  camera: "test-pattern",
  microphone: "tone",
  speaker: "none",
  picture: SMALL_PICTURE,
  iceServers: [],
};

interface Told {
  readonly method: string;
  readonly params: Record<string, unknown>;
}

function twoHosts() {
  const hosts = new Map<string, IndependentHost>();
  const told = new Map<string, AwaitableQueue<Told>>();
  const topics = new Set<string>();
  for (const selfId of [ALICE, BOB]) {
    const heard = new AwaitableQueue<Told>();
    told.set(selfId, heard);
    hosts.set(
      selfId,
      new IndependentHost({
        selfId,
        plugin: [process.execPath, MAIN],
        settings: SETTINGS,
        async send({ peerId, topic, payload }: Message) {
          topics.add(topic);
          const peer = hosts.get(peerId);
          if (!peer) throw new Error("no such peer");
          peer.arrives({ peerId: selfId, topic, payload });
        },
        onNotification: (method, params) => heard.add({ method, params }),
      }),
    );
  }
  const hears = async (
    selfId: string,
    method: string,
    fits: (params: Told["params"]) => boolean = () => true,
  ) => {
    const heard = told.get(selfId);
    assert.ok(heard);
    const found = await heard.take(
      (one) => one.method === method && fits(one.params),
      `${method} of ${selfId}`,
    );
    return found.params;
  };
  const [alice, bob] = [hosts.get(ALICE), hosts.get(BOB)];
  if (!alice || !bob) throw new Error("both have been made");
  return { alice, bob, hears, topics };
}

describe("an independent host", { timeout: 120_000 }, () => {
  test("makes a call over its own network, and sees the other side's picture", async () => {
    const { alice, bob, hears, topics } = twoHosts();
    try {
      await Promise.all([alice.start(), bob.start()]);
      for (const id of [ALICE, BOB]) {
        const { peerId } = await hears(id, "signalling.changed", ({ state }) => state === "ready");
        assert.equal(peerId, id);
      }
      const { callId } = (await alice.request("call.start", { peerId: BOB, media: "video" })) as {
        callId: string;
      };
      const incoming = await hears(BOB, "call.incoming");
      assert.deepEqual([incoming.callId, incoming.peerId], [callId, ALICE]);
      await bob.request("call.accept", { callId });
      for (const id of [ALICE, BOB]) await hears(id, "call.changed", ({ phase }) => phase === "connected");
      for (const [host, id] of [
        [alice, ALICE],
        [bob, BOB],
      ] as const) {
        const { stream } = (await host.request("frames.subscribe", { callId, source: "remote" })) as {
          stream: string;
        };
        const { dataUrl, seq, width } = await hears(id, "frame", (frame) => frame.stream === stream);
        const jpeg = Buffer.from(String(dataUrl).split("base64,")[1] ?? "", "base64");
        assert.deepEqual([...jpeg.subarray(0, 3)], [0xff, 0xd8, 0xff]);
        assert.ok(Number(width) > 0);
        host.notify("frames.ack", { stream, seq });
      }
      await alice.request("call.hangup", { callId });
      const { reason, endedBy } = await hears(BOB, "call.ended");
      assert.deepEqual([reason, endedBy], ["hungUp", "remote"]);
      assert.deepEqual([...topics], [`call:${callId}`]);
    } finally {
      await Promise.all([alice.stop(), bob.stop()]);
    }
  });

  test("imports nothing of the product", () => {
    const folder = new URL("../../plugin/host/example/", import.meta.url);
    const sources = readdirSync(folder).filter((name) => name.endsWith(".ts"));
    assert.ok(sources.length >= 3);
    for (const name of sources) {
      const imports = [
        ...readFileSync(new URL(name, folder), "utf8").matchAll(/from "([^"]+)"|import\("([^"]+)"\)/g),
      ];
      for (const [, target = ""] of imports)
        assert.match(target, /^(node:|\.\/)/, `${name} imports ${target}`);
    }
  });
});
