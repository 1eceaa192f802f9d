// Encryption of payloads, storage of keys, and messages that cannot be decrypted.

import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, mock, test } from "node:test";
import { HeldMessages } from "../../../plugin/signalling/encryption/held-messages.ts";
import { type Keyring, openKeyring } from "../../../plugin/signalling/encryption/keyring.ts";
import { PeerKeys, parsePublicKey } from "../../../plugin/signalling/encryption/peer-keys.ts";
import { generateSealKey } from "../../../plugin/signalling/encryption/seal-key.ts";
import { Sealing } from "../../../plugin/signalling/encryption/sealing.ts";
import { MAX_HELD_MESSAGES, MAX_HELD_PER_PEER, MAX_PEER_KEYS } from "../../../plugin/signalling/timings.ts";

const silent = () => undefined;

function side() {
  const own = generateSealKey();
  const keys = new PeerKeys(() => false, silent);
  return { own, keys, sealing: new Sealing(own, keys, silent) };
}

describe("sealing", () => {
  const offer = { type: "call-offer", sdp: "s=Žofie 🎥" };

  test("needs the peer's key and its announcement that it can decrypt", () => {
    const [alice, bob] = [side(), side()];
    assert.equal(alice.sealing.seal("bob", offer), offer);
    alice.keys.learn("bob", { encryptionSupported: true });
    assert.equal(alice.sealing.seal("bob", offer), offer);
    alice.keys.learn("bob", { publicKey: bob.own.publicKey, encryptionSupported: false });
    const sealed = alice.sealing.seal("bob", offer);
    assert.deepEqual(Object.keys(sealed as object), ["enc"]);
    bob.keys.learn("alice", { publicKey: alice.own.publicKey, encryptionSupported: false });
    assert.deepEqual(bob.sealing.open("alice", sealed), { payload: offer });
  });

  test("leaves a payload plain for a peer that cannot decrypt", () => {
    const [alice, bob] = [side(), side()];
    alice.keys.learn("bob", { publicKey: bob.own.publicKey, encryptionSupported: false });
    assert.equal(alice.sealing.seal("bob", offer), offer);
  });

  test("decrypts null, and returns plain payloads unchanged", () => {
    const [alice, bob] = [side(), side()];
    alice.keys.learn("bob", { publicKey: bob.own.publicKey, encryptionSupported: true });
    bob.keys.learn("alice", { publicKey: alice.own.publicKey, encryptionSupported: false });
    assert.deepEqual(bob.sealing.open("alice", alice.sealing.seal("bob", null)), { payload: null });
    for (const payload of [null, undefined, 7, "enc", [], offer, { enc: 7 }, { enc: "AA==", more: 1 }]) {
      assert.deepEqual(bob.sealing.open("alice", payload), { payload });
    }
  });

  test("returns the encrypted text if there is no key, another key or invalid data", () => {
    const [alice, bob, eve] = [side(), side(), side()];
    alice.keys.learn("bob", { publicKey: bob.own.publicKey, encryptionSupported: true });
    const sealed = alice.sealing.seal("bob", offer) as { enc: string };
    assert.deepEqual(bob.sealing.open("alice", sealed), { sealed: sealed.enc });
    bob.keys.learn("alice", { publicKey: eve.own.publicKey, encryptionSupported: true });
    for (const enc of [sealed.enc, "", "%%%", "AAAA", "A".repeat(400)]) {
      assert.deepEqual(bob.sealing.open("alice", { enc }), { sealed: enc });
    }
  });

  test("an invalid key leaves payloads plain", () => {
    const alice = side();
    alice.keys.learn("bob", { publicKey: new Uint8Array(32), encryptionSupported: true });
    assert.equal(alice.sealing.seal("bob", offer), offer);
  });
});

describe("peers' keys", () => {
  const key = (byte: number) => new Uint8Array(32).fill(byte);

  test("are kept if the peer omits them, and change if it sends another", () => {
    const keys = new PeerKeys(() => false, silent);
    assert.equal(keys.learn("bob", { publicKey: key(1), encryptionSupported: true }), true);
    assert.equal(keys.learn("bob", { encryptionSupported: false }), false);
    assert.deepEqual(keys.get("bob"), { publicKey: key(1), encryptionSupported: true });
    assert.equal(keys.learn("bob", { publicKey: key(2), encryptionSupported: false }), true);
    assert.deepEqual(keys.get("bob"), { publicKey: key(2), encryptionSupported: true });
  });

  test("are limited in number, and those of strangers are dropped first", () => {
    const keys = new PeerKeys((peerId) => peerId === "friend", silent);
    keys.learn("friend", { publicKey: key(1), encryptionSupported: true });
    for (let index = 0; index < 3 * MAX_PEER_KEYS; index += 1) {
      keys.learn(`stranger${index}`, { publicKey: key(2), encryptionSupported: true });
    }
    assert.ok(keys.get("friend"));
    assert.equal(Object.keys(JSON.parse(keys.serialize())).length, MAX_PEER_KEYS);
    assert.ok(keys.get(`stranger${3 * MAX_PEER_KEYS - 1}`));
  });

  test("are 32 bytes in standard base64 with padding, and nothing else is accepted", () => {
    const text = Buffer.from(key(0xff)).toString("base64");
    assert.deepEqual(parsePublicKey(text), key(0xff));
    for (const wrong of ["", text.slice(0, -1), `${text}=`, text.replaceAll("/", "_"), "AAAA"]) {
      assert.equal(parsePublicKey(wrong), undefined, wrong);
    }
  });
});

describe("keys on disk", () => {
  let folder = "";
  let logged: string[] = [];
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "signalling-keyring-"));
  });
  beforeEach(() => {
    logged = [];
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const open = (name: string): Promise<Keyring> =>
    openKeyring({
      privateKeyFile: join(folder, name, "identity.key"),
      isContact: () => true,
      saveKeysMs: 60_000,
      log: (level, message) => void logged.push(`${level} ${message}`),
    });

  test("our own and the peers' keys survive a restart in private files", async () => {
    const first = await open("restart");
    first.peers.learn("bob", { publicKey: generateSealKey().publicKey, encryptionSupported: true });
    await first.close();
    const second = await open("restart");
    assert.deepEqual(second.peers.get("bob"), first.peers.get("bob"));
    assert.equal(second.sealing.publicKey, first.sealing.publicKey);
    assert.deepEqual(second.identity, first.identity);
    const files = (await readdir(join(folder, "restart"))).toSorted();
    assert.deepEqual(files, ["identity.key", "peer-keys.json", "seal.key"]);
    for (const file of files) assert.equal((await stat(join(folder, "restart", file))).mode & 0o777, 0o600);
    await second.close();
    assert.deepEqual(logged, []);
  });

  test("nothing is written if no peer's key changed", async () => {
    await (await open("quiet")).close();
    assert.deepEqual((await readdir(join(folder, "quiet"))).toSorted(), ["identity.key", "seal.key"]);
  });

  test("a damaged key of our own is an error that names the file, and is not changed", async () => {
    await (await open("damaged")).close();
    const path = join(folder, "damaged", "seal.key");
    const whole = await readFile(path);
    const changed = Buffer.from(whole);
    changed[40] = (changed[40] ?? 0) ^ 1;
    for (const damaged of [Buffer.alloc(0), whole.subarray(0, 63), changed]) {
      await writeFile(path, damaged);
      await assert.rejects(open("damaged"), { code: "startFailed", message: new RegExp(path) });
      assert.deepEqual(await readFile(path), damaged);
    }
  });

  test("a damaged file of peers' keys is a warning, and is replaced", async () => {
    await (await open("peers")).close();
    const path = join(folder, "peers", "peer-keys.json");
    await writeFile(path, '{"bob":');
    const keyring = await open("peers");
    assert.match(logged.join(), /warn cannot read the peers' keys .*peer-keys\.json/);
    keyring.peers.learn("eva", { encryptionSupported: true });
    await keyring.close();
    assert.deepEqual(JSON.parse(await readFile(path, "utf8")), { eva: { encryptionSupported: true } });
  });
});

describe("messages that cannot be decrypted", () => {
  beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
  afterEach(() => mock.timers.reset());

  function holding() {
    const dropped: string[] = [];
    const held = new HeldMessages(
      100,
      (from, { sealed }) => void dropped.push(`${from} ${sealed}`),
      (peerId) => peerId.startsWith("known"),
    );
    return { held, dropped };
  }

  test("wait for their sender's key, and are released in order", () => {
    const { held, dropped } = holding();
    for (const sealed of ["1", "2"]) held.hold("bob", { topic: "t", sealed });
    held.hold("eva", { topic: "t", sealed: "3" });
    assert.deepEqual(
      held.release("bob").map(({ sealed }) => sealed),
      ["1", "2"],
    );
    mock.timers.tick(100);
    assert.deepEqual(dropped, ["eva 3"]);
    assert.deepEqual(held.release("bob"), []);
  });

  test("are dropped above the limits for one peer and for all", () => {
    const { held, dropped } = holding();
    for (let index = 0; index <= MAX_HELD_PER_PEER; index += 1) {
      held.hold("bob", { topic: "t", sealed: `${index}` });
    }
    assert.deepEqual(dropped, [`bob ${MAX_HELD_PER_PEER}`]);
    for (let index = MAX_HELD_PER_PEER; index < MAX_HELD_MESSAGES / 2; index += 1) {
      held.hold(`peer${index}`, { topic: "t", sealed: "" });
    }
    held.hold("late", { topic: "t", sealed: "x" });
    assert.equal(dropped.at(-1), "late x");
    held.hold("known", { topic: "t", sealed: "z" });
    assert.equal(held.release("known").length, 1, "strangers leave half of the places");
    held.close();
    mock.timers.tick(100);
    assert.equal(dropped.length, 2);
    held.hold("late", { topic: "t", sealed: "y" });
    assert.equal(held.release("late").length, 1);
  });
});
