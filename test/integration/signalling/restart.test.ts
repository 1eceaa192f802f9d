// A Goop² peer that restarts has lost our key. It acknowledges what it cannot decrypt, and loses identity messages that arrive
// right after the connection. Its page drops requests while it loads. Calls must ring at it, and it must understand our answers
// to its own calls.

import "../../support/process/exit-at-end.ts";
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { withDeadline } from "../../../plugin/common/deadline.ts";
import {
  createLibp2pSignalling,
  type Libp2pSignalling,
} from "../../../plugin/signalling/libp2p-signalling.ts";
import {
  type GoopNode,
  restartGoopNode,
  startGoopNode,
  startGoopNodeAgain,
} from "../../support/goop-peer/goop-node.ts";
import {
  addressOf,
  type RecordedSignalling,
  recordSignalling,
} from "../../support/network/signalling-recorder.ts";

const RESTARTS = 20;
/** Moments after the restart at which the plugin calls. */
const MOMENTS = ["at once", "when the peer knows us", "when both have keys"] as const;
const ENDINGS = ["stopped", "killed"] as const;
const request = { type: "call-request", mode: "native", platform: "linux", mediaType: "video" } as const;

let folder = "";
let plugin: RecordedSignalling<Libp2pSignalling>;
let peer: GoopNode;
/** The calls that the peer's page showed, the newest last. */
let rings: string[] = [];
let onRing: () => void = () => undefined;

const startPlugin = () =>
  recordSignalling((callbacks) =>
    createLibp2pSignalling(
      {
        label: "Plugin",
        privateKeyFile: join(folder, "identity.key"),
        listen: ["/ip4/127.0.0.1/tcp/0"],
        peers: [],
        mdns: false,
        presence: true,
        log: () => undefined,
        timings: { redialMs: 50, saveKeysMs: 1 },
      },
      callbacks,
    ),
  );

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "signalling-restart-"));
  plugin = await startPlugin();
  peer = await startGoopNode({
    label: "Gustav",
    quirks: { sealing: "sealed", losesIdentitiesMs: 50, mqAcksPerMessage: 1 },
    heartbeatMs: 500,
  });
  listenForRings();
  await plugin.end.addContact(peer.address);
  await untilKeysAreExchanged();
});
afterEach(async () => {
  await plugin?.end.close();
  await peer?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** The peer has our key. It answered with its own before. */
const untilKeysAreExchanged = () =>
  peer.table.until(plugin.self.peerId, (known) => known.publicKey !== "" && known.encryptionSupported);

function listenForRings(): void {
  rings = [];
  peer.subscribe("call:", ({ topic, payload }) => {
    if ((payload as { type?: string }).type === "call-request") rings.push(topic.slice("call:".length));
    onRing();
  });
}

function untilRings(callId: string): Promise<void> {
  return withDeadline(20_000, undefined, `the ring of ${callId}`, () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    onRing = () => {
      if (rings.includes(callId)) resolve();
    };
    onRing();
    return promise;
  });
}

async function restartPeer(how: "stopped" | "killed"): Promise<void> {
  peer = await restartGoopNode(peer, how);
  listenForRings();
  await peer.dial(addressOf(plugin));
}

/** The types of a call's messages. A message that the peer could not decrypt has none. */
const typesOf = (callId: string) => peer.log.callPayloads(callId).map(({ type }) => type);

async function untilPeerReads(callId: string, type: string): Promise<void> {
  await peer.log.until((log) => log.callPayloads(callId, type).length > 0);
}

async function callPeer(callId: string): Promise<void> {
  await plugin.end.send(peer.peerId, callId, request);
  await untilRings(callId);
}

describe("a peer that restarted", () => {
  test(`rings in ${RESTARTS} of ${RESTARTS} restarts, stopped or killed, at any moment`, async () => {
    for (let index = 0; index < RESTARTS; index += 1) {
      await restartPeer(ENDINGS[index % ENDINGS.length] ?? "stopped");
      const moment = MOMENTS[index % MOMENTS.length];
      if (moment === "when the peer knows us") await peer.table.until(plugin.self.peerId, () => true);
      if (moment === "when both have keys") await untilKeysAreExchanged();
      await callPeer(`restart-${index}`);
    }
  });

  for (const how of ENDINGS) {
    test(`understands our answers to its own call, and our messages are encrypted again later (${how})`, async () => {
      await restartPeer(how);
      await peer.send(plugin.self.peerId, "call:theirs", request);
      await plugin.until(() => plugin.signals.length === 1);
      await plugin.end.send(peer.peerId, "theirs", { type: "call-ringing" });
      await plugin.end.send(peer.peerId, "theirs", { type: "call-ack", mode: "native", platform: "linux" });
      await untilPeerReads("theirs", "call-ack");
      assert.deepEqual(typesOf("theirs"), ["call-ringing", "call-ack"]);
      await untilKeysAreExchanged();
      await callPeer("later");
      const later = peer.log.streams.filter(({ message }) => message.topic === "call:later");
      assert.deepEqual(
        later.map(({ wasSealed }) => wasSealed),
        [true],
      );
    });
  }

  test("rings although the plugin restarted too and has the peer's key of yesterday", async () => {
    await plugin.end.close();
    peer = await restartGoopNode(peer, "killed");
    listenForRings();
    plugin = await startPlugin();
    await plugin.end.addContact(peer.address);
    await callPeer("yesterday");
  });
});

for (const how of ENDINGS) {
  describe(`a peer that is ${how} and starts again`, () => {
    test("while our call rings, rings again", async () => {
      await callPeer("ringing");
      await restartPeer(how);
      await untilRings("ringing");
    });

    test("reads our hang-up of meanwhile", async () => {
      await callPeer("ended");
      const before = peer;
      if (how === "stopped") await peer.stop();
      else await peer.kill();
      await assert.rejects(plugin.end.send(peer.peerId, "ended", { type: "call-hangup" }));
      peer = await startGoopNodeAgain(before);
      await peer.dial(addressOf(plugin));
      await untilPeerReads("ended", "call-hangup");
    });

    test("after we placed our call, rings once it is back", async () => {
      const before = peer;
      if (how === "stopped") await peer.stop();
      else await peer.kill();
      const sending = plugin.end.send(peer.peerId, "placed", request);
      peer = await startGoopNodeAgain(before);
      listenForRings();
      await peer.dial(addressOf(plugin));
      await sending;
      await untilRings("placed");
    });
  });
}

describe("a peer whose page loads", () => {
  test("rings when the page has loaded, although the page dropped our request", async () => {
    peer.isPageLoading = true;
    await plugin.end.send(peer.peerId, "loading", request);
    await untilPeerReads("loading", "call-request");
    assert.deepEqual(rings, []);
    peer.isPageLoading = false;
    await untilRings("loading");
  });

  test("rings after its restart", async () => {
    peer = await restartGoopNode(peer, "killed");
    listenForRings();
    peer.isPageLoading = true;
    await peer.dial(addressOf(plugin));
    await plugin.end.send(peer.peerId, "loading", request);
    await untilPeerReads("loading", "call-request");
    peer.isPageLoading = false;
    await untilRings("loading");
  });
});

describe("a peer that loses our key", () => {
  const answer = (payload: object) => peer.send(plugin.self.peerId, "call:moments", payload);
  /** What both send in a call, in order. The peer loses our key after one of them, and nothing more is sent but our hang-up. */
  const steps: [string, () => Promise<unknown>][] = [
    ["our request", () => callPeer("moments")],
    ["its acknowledgement", () => answer({ type: "call-ack", platform: "linux" })],
    ["our offer", () => plugin.end.send(peer.peerId, "moments", { type: "call-offer", sdp: "v=0\r\n" })],
    ["its answer", () => answer({ type: "call-answer", sdp: "v=0\r\n" })],
    ["its reconnection", () => answer({ type: "call-reconnect", mediaType: "video" })],
    ["our acknowledgement", () => plugin.end.send(peer.peerId, "moments", { type: "call-reconnect-ack" })],
  ];
  for (const [index, [moment]] of steps.entries()) {
    test(`after ${moment}, reads our hang-up`, async () => {
      for (const [, step] of steps.slice(0, index + 1)) await step();
      peer.forgetKey(plugin.self.peerId);
      await plugin.end.send(peer.peerId, "moments", { type: "call-hangup" });
      await untilPeerReads("moments", "call-hangup");
    });
  }

  test("while it is connected, rings", async () => {
    await callPeer("before");
    peer.forgetKey(plugin.self.peerId);
    await callPeer("after");
  });

  test("while our call rings, understands the offer", async () => {
    await callPeer("ringing");
    peer.forgetKey(plugin.self.peerId);
    await peer.send(plugin.self.peerId, "call:ringing", { type: "call-ack", platform: "linux" });
    await plugin.until(() => plugin.signals.length === 1);
    await plugin.end.send(peer.peerId, "ringing", { type: "call-offer", sdp: "v=0\r\n" });
    await untilPeerReads("ringing", "call-offer");
  });

  test("in a call, understands our hang-up after it sent a message", async () => {
    await callPeer("connected");
    peer.forgetKey(plugin.self.peerId);
    await peer.send(plugin.self.peerId, "call:connected", { type: "call-reconnect", mediaType: "video" });
    await peer.table.until(plugin.self.peerId, (known) => known.publicKey !== "");
    await plugin.end.send(peer.peerId, "connected", { type: "call-hangup" });
    await untilPeerReads("connected", "call-hangup");
  });
});
