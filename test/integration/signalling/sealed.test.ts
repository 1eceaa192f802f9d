// Encrypted payloads and identity messages, with an independent peer that encrypts with tweetnacl.

import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import nacl from "tweetnacl";
import {
  createLibp2pSignalling,
  type Libp2pSignalling,
} from "../../../plugin/signalling/libp2p-signalling.ts";
import { type GoopMqPeer, startGoopMqPeer } from "../../support/network/goop-mq-peer.ts";
import {
  addressOf,
  type RecordedSignalling,
  recordSignalling,
} from "../../support/network/signalling-recorder.ts";

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
const bytesOf = (text: string) => Uint8Array.from(Buffer.from(text, "base64"));

let folder = "";
let peer: GoopMqPeer;
let plugin: RecordedSignalling<Libp2pSignalling>;
let keys: nacl.BoxKeyPair;

const startPlugin = () =>
  recordSignalling((callbacks) =>
    createLibp2pSignalling(
      {
        label: "Plugin",
        privateKeyFile: join(folder, "identity.key"),
        listen: ["/ip4/127.0.0.1/tcp/0"],
        peers: [],
        mdns: false,
        log: () => undefined,
        timings: {
          retryPauseMs: 10,
          closeMs: 300,
          holdSealedMs: 10_000,
          keyCheckMs: 200,
          introduceAgainMs: [],
        },
      },
      callbacks,
    ),
  );

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "signalling-sealed-"));
  keys = nacl.box.keyPair();
  peer = await startGoopMqPeer("Gustav");
  plugin = await startPlugin();
});
afterEach(async () => {
  await plugin.end.close();
  await peer.stop();
  await rm(folder, { recursive: true, force: true });
});

const isOn = (topic: string) => (text: string) => JSON.parse(text).topic === topic;

/** The identity message of the plugin. */
async function pluginsIdentity(): Promise<Record<string, unknown>> {
  return JSON.parse(await peer.untilOther(isOn("identity.response"))).payload;
}

/** The plugin's key. The plugin sends it only to a peer whose identity has arrived. */
async function pluginsKey(): Promise<unknown> {
  await send("identity.response", { peerID: peer.peerId, content: "Gustav", reachable: true });
  const hasKey = (text: string) => JSON.parse(text).payload?.publicKey !== undefined;
  return JSON.parse(await peer.untilOther(hasKey)).payload.publicKey;
}

async function send(topic: string, payload: unknown): Promise<void> {
  const id = randomUUID();
  const { text } = await peer.write([`${JSON.stringify({ type: "msg", id, seq: 5, topic, payload })}\n`]);
  assert.equal(JSON.parse(text).id, id);
}

const identity = (fields: object = {}) => ({
  peerID: peer.peerId,
  content: "Gustav the Great",
  publicKey: base64(keys.publicKey),
  encryptionSupported: true,
  reachable: true,
  ...fields,
});

function sealFor(publicKey: unknown, payload: unknown): { enc: string } {
  const nonce = Uint8Array.from(randomBytes(24));
  const plain = new TextEncoder().encode(JSON.stringify(payload));
  const box = nacl.box(plain, nonce, bytesOf(String(publicKey)), keys.secretKey);
  return { enc: base64(Buffer.concat([nonce, box])) };
}

function openFrom(publicKey: unknown, payload: unknown): unknown {
  assert.deepEqual(Object.keys(payload as object), ["enc"]);
  const sealed = bytesOf((payload as { enc: string }).enc);
  const plain = nacl.box.open(
    sealed.subarray(24),
    sealed.subarray(0, 24),
    bytesOf(String(publicKey)),
    keys.secretKey,
  );
  return JSON.parse(new TextDecoder().decode(plain ?? undefined));
}

const lastPayload = () => JSON.parse(peer.received.at(-1) ?? "{}").payload;

test("the plugin exchanges identities with a new contact, and uses the label of the answer", async () => {
  await plugin.end.addContact(peer.address);
  assert.equal(JSON.parse(await peer.untilOther(isOn("identity"))).payload, null);
  const expected = { peerID: plugin.self.peerId, content: "Plugin", reachable: true };
  assert.deepEqual(await pluginsIdentity(), expected);
  await peer.dial(addressOf(plugin));
  await send("identity.response", identity({ videoDisabled: true }));
  await plugin.until(() => plugin.end.contacts()[0]?.videoDisabled === true);
  assert.equal(plugin.end.contacts()[0]?.label, "Gustav the Great");
  assert.match(String(await pluginsKey()), /^[A-Za-z0-9+/]{43}=$/);
});

test("the plugin answers an identity request of a stranger, which does not become a contact", async () => {
  await peer.dial(addressOf(plugin));
  await send("identity", null);
  assert.equal((await pluginsIdentity()).content, "Plugin");
  assert.deepEqual(plugin.end.contacts(), []);
});

test("a call changes from plain to encrypted payloads in both directions, and plain ones are still accepted", async () => {
  await plugin.end.addContact(peer.address);
  await peer.dial(addressOf(plugin));
  await send("call:c", { type: "call-request" });
  await plugin.end.send(peer.peerId, "c", { type: "call-ringing" });
  assert.deepEqual(lastPayload(), { type: "call-ringing" });
  const publicKey = await pluginsKey();
  await send("identity.response", identity());
  await send("call:c", sealFor(publicKey, { type: "call-offer", sdp: "s=sealed" }));
  await plugin.until(() => plugin.signals.length === 2);
  await plugin.end.send(peer.peerId, "c", { type: "call-ack", mode: "native" });
  assert.deepEqual(openFrom(publicKey, lastPayload()), { type: "call-ack", mode: "native" });
  await send("call:c", { type: "call-hangup" });
  await plugin.until(() => plugin.signals.length === 3);
  assert.deepEqual(
    plugin.signals.map(({ signal }) => signal.type),
    ["call-request", "call-offer", "call-hangup"],
  );
});

test("a peer that encrypts but cannot decrypt receives plain payloads", async () => {
  await plugin.end.addContact(peer.address);
  await peer.dial(addressOf(plugin));
  const publicKey = await pluginsKey();
  await send("identity.response", identity({ encryptionSupported: false }));
  await send("call:c", sealFor(publicKey, { type: "call-request" }));
  await plugin.until(() => plugin.signals.length === 1);
  await plugin.end.send(peer.peerId, "c", { type: "call-ringing" });
  assert.deepEqual(lastPayload(), { type: "call-ringing" });
});

test("an encrypted message is held until its sender's key arrives", async () => {
  await peer.dial(addressOf(plugin));
  await send("identity", null);
  const publicKey = await pluginsKey();
  await send("call:c", sealFor(publicKey, { type: "call-request", mediaType: "audio" }));
  await peer.untilOther(isOn("identity"));
  assert.deepEqual(plugin.signals, []);
  await send("identity.response", identity());
  await plugin.until(() => plugin.signals.length === 1);
  assert.deepEqual(plugin.signals[0], {
    from: peer.peerId,
    callId: "c",
    signal: { type: "call-request", mediaType: "audio" },
  });
  assert.equal(plugin.end.diagnostics().ignored.undecryptable, 0);
});

test("a message that cannot be decrypted is counted and dropped, and a new key works again", async () => {
  await plugin.end.addContact(peer.address);
  await peer.dial(addressOf(plugin));
  const publicKey = await pluginsKey();
  await send("identity.response", identity());
  keys = nacl.box.keyPair();
  await send("call:c", { enc: "bm9uc2Vuc2U=" });
  await send("call:c", sealFor(publicKey, { type: "call-request" }));
  await send("identity.response", identity());
  await plugin.until(() => plugin.signals.length === 1);
  assert.equal(plugin.end.diagnostics().ignored.undecryptable, 1);
  await plugin.end.send(peer.peerId, "c", { type: "call-ringing" });
  assert.deepEqual(openFrom(publicKey, lastPayload()), { type: "call-ringing" });
});

test("after a restart the plugin has the same key, and decrypts messages of a known peer without a request", async () => {
  await plugin.end.addContact(peer.address);
  await peer.dial(addressOf(plugin));
  const publicKey = await pluginsKey();
  await send("identity.response", identity());
  await plugin.end.close();
  plugin = await startPlugin();
  await peer.dial(addressOf(plugin));
  await send("call:d", sealFor(publicKey, { type: "call-request" }));
  await plugin.until(() => plugin.signals.length === 1);
  await plugin.end.send(peer.peerId, "d", { type: "call-ringing" });
  assert.deepEqual(openFrom(publicKey, lastPayload()), { type: "call-ringing" });
});

test("a call request is encrypted for a plugin, whose identity repeats our key", async () => {
  await plugin.end.addContact(peer.address);
  await peer.dial(addressOf(plugin));
  const recipientKey = await pluginsKey();
  await send("identity.response", identity({ recipientKey }));
  const repeatsKey = (text: string) => JSON.parse(text).payload?.recipientKey === base64(keys.publicKey);
  await peer.untilOther(repeatsKey);
  await plugin.end.send(peer.peerId, "c", { type: "call-request" });
  assert.deepEqual(openFrom(recipientKey, lastPayload()), { type: "call-request" });
  // A plugin sends plain messages without a proof of its own, so they do not show that it lost our key.
  await send("call:c", { type: "call-ringing" });
  await plugin.until(() => plugin.signals.length === 1);
  await plugin.end.send(peer.peerId, "c", { type: "call-offer", sdp: "s=sealed" });
  assert.deepEqual(openFrom(recipientKey, lastPayload()), { type: "call-offer", sdp: "s=sealed" });
});

test("a hang-up is plain, since its peer may have lost our key", async () => {
  await plugin.end.addContact(peer.address);
  await peer.dial(addressOf(plugin));
  const publicKey = await pluginsKey();
  await send("identity.response", identity());
  await send("call:c", sealFor(publicKey, { type: "call-request" }));
  await plugin.until(() => plugin.signals.length === 1);
  await plugin.end.send(peer.peerId, "c", { type: "call-hangup" });
  assert.deepEqual(lastPayload(), { type: "call-hangup" });
});

test("the plugin introduces itself again over a further connection, since the peer may have restarted unnoticed", async () => {
  await plugin.end.addContact(peer.address);
  await peer.untilOther(isOn("identity"));
  await peer.dial(addressOf(plugin), true);
  await peer.untilOther(() => peer.others.filter(isOn("identity")).length === 2);
});

test("another peer cannot turn off encryption for a friend", async () => {
  await plugin.end.addContact(peer.address);
  await peer.dial(addressOf(plugin));
  const publicKey = await pluginsKey();
  await send("identity.response", identity());
  await send("call:c", sealFor(publicKey, { type: "call-request" }));
  await plugin.until(() => plugin.signals.length === 1);
  const mallory = await startGoopMqPeer("Mallory");
  try {
    await mallory.dial(addressOf(plugin));
    for (const [topic, payload] of [
      ["call:c", { type: "call-request" }],
      ["identity.response", { ...identity(), publicKey: "" }],
      ["call:c", { enc: "bm9uc2Vuc2U=" }],
    ] as const) {
      await mallory.write([`${JSON.stringify({ type: "msg", id: randomUUID(), seq: 6, topic, payload })}\n`]);
    }
    await plugin.end.send(peer.peerId, "c", { type: "call-ringing" });
    assert.deepEqual(openFrom(publicKey, lastPayload()), { type: "call-ringing" });
    // The friend itself can.
    await send("call:c", { type: "call-reconnect" });
    await plugin.end.send(peer.peerId, "c", { type: "call-ringing" });
    assert.deepEqual(lastPayload(), { type: "call-ringing" });
  } finally {
    await mallory.stop();
  }
});

test("an identity without a label or with another peer's id is ignored", async () => {
  await plugin.end.addContact(peer.address);
  await peer.dial(addressOf(plugin));
  const [before] = plugin.end.contacts();
  const wrong = [
    identity({ content: "" }),
    identity({ peerID: plugin.self.peerId, videoDisabled: true }),
    identity({ content: 7 }),
    null,
    [],
  ];
  for (const payload of wrong) await send("identity.response", payload);
  assert.equal(plugin.end.diagnostics().ignored.badIdentity, wrong.length);
  assert.deepEqual(plugin.end.contacts()[0], { ...before, addresses: plugin.end.contacts()[0]?.addresses });
  await plugin.end.send(peer.peerId, "c", { type: "call-ringing" });
  assert.deepEqual(lastPayload(), { type: "call-ringing" });
});
