// A Goop² peer that restarts has lost our key. It acknowledges what it cannot decrypt, and loses identity messages that arrive
// right after the connection. Calls must ring at it, and it must understand our answers to its own calls.

import "../../support/process/exit-at-end.ts";
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import {
  createLibp2pSignalling,
  type Libp2pSignalling,
} from "../../../plugin/signalling/libp2p-signalling.ts";
import { type GoopNode, restartGoopNode, startGoopNode } from "../../support/goop-peer/goop-node.ts";
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
    quirks: { sealing: "sealed", losesIdentitiesMs: 50 },
    heartbeatMs: 500,
  });
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

async function restartPeer(how: "stopped" | "killed"): Promise<void> {
  peer = await restartGoopNode(peer, how);
  await peer.dial(addressOf(plugin));
}

/** The types of a call's messages. A message that the peer could not decrypt has none. */
const typesOf = (callId: string) => peer.log.callPayloads(callId).map(({ type }) => type);

async function untilPeerReads(callId: string, type: string): Promise<void> {
  await peer.log.until((log) => log.callPayloads(callId, type).length > 0);
}

async function callPeer(callId: string): Promise<void> {
  await plugin.end.send(peer.peerId, callId, request);
  await untilPeerReads(callId, "call-request");
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
    plugin = await startPlugin();
    await plugin.end.addContact(peer.address);
    await callPeer("yesterday");
  });
});

describe("a peer that loses our key", () => {
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
