// Compares the encryption byte for byte with tweetnacl, and with the vectors of NaCl's own test suite. Those are in tests/box.c
// (Bernstein, Lange, Schwabe, "The security impact of a new cryptographic library") and in "Cryptography in NaCl", section 10.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import nacl from "tweetnacl";
import { publicBoxKey, seal, sharedKey, unseal } from "../../../plugin/signalling/encryption/box.ts";

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ""), "hex"));
const same = (actual: Uint8Array, expected: Uint8Array) =>
  assert.equal(Buffer.from(actual).toString("hex"), Buffer.from(expected).toString("hex"));

const alice = {
  privateKey: hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"),
  publicKey: hex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"),
};
const bob = {
  privateKey: hex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"),
  publicKey: hex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"),
};
const shared = hex("1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389");
const nonce = hex("69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37");
const plain = hex(`
  be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffce5ecbaaf33bd751a1ac728d45e6c6129
  6cdc3c01233561f41db66cce314adb310e3be8250c46f06dceea3a7fa1348057e2f6556ad6b1318a024a838f21af1fde
  048977eb48f59ffd4924ca1c60902e52f0a089bc76897040e082f937763848645e0705`);
const box = hex(`
  f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce48332ea7164d96a4476fb8c531a1186a
  c0dfc17c98dce87b4da7f011ec48c97271d2c20f9b928fe2270d6fb863d51738b48eeee314a7cc8ab932164548e526ae
  90224368517acfeabd6bb3732bc0e9da99832b61ca01b6de56244a9e88d5f9b37973f622a43d14a6599b1f654cb45a74
  e355a5`);

describe("NaCl's own vectors", () => {
  test("a private key's public key", () => {
    same(publicBoxKey(alice.privateKey), alice.publicKey);
    same(publicBoxKey(bob.privateKey), bob.publicKey);
  });

  test("the shared key from both sides", () => {
    same(sharedKey(alice.privateKey, bob.publicKey), shared);
    same(sharedKey(bob.privateKey, alice.publicKey), shared);
  });

  test("encryption and decryption of a box with its nonce", () => {
    const sealed = Buffer.concat([nonce, box]);
    same(seal(shared, plain, nonce), sealed);
    same(unseal(shared, sealed), plain);
  });
});

describe("with tweetnacl on the other side", () => {
  const [us, them] = [nacl.box.keyPair(), nacl.box.keyPair()];
  const key = sharedKey(us.secretKey, them.publicKey);

  test("boxes of many lengths can be decrypted on both sides", () => {
    for (const length of [0, 1, 15, 16, 17, 63, 64, 65, 1_000, 70_000]) {
      const message = Uint8Array.from(randomBytes(length));
      const ours = seal(key, message);
      const opened = nacl.box.open(ours.subarray(24), ours.subarray(0, 24), us.publicKey, them.secretKey);
      same(opened ?? new Uint8Array(1), message);
      const theirNonce = Uint8Array.from(randomBytes(24));
      const theirs = nacl.box(message, theirNonce, us.publicKey, them.secretKey);
      same(unseal(key, Buffer.concat([theirNonce, theirs])), message);
    }
  });

  test("two boxes of the same message differ", () => {
    assert.notDeepEqual(seal(key, plain), seal(key, plain));
  });

  test("a box that was changed, truncated or made with another key cannot be decrypted", () => {
    const sealed = seal(key, plain);
    for (const at of [0, 24, 40, sealed.length - 1]) {
      const changed = Uint8Array.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      assert.throws(() => unseal(key, changed), Error, `byte ${at}`);
    }
    for (const length of [0, 24, 39, sealed.length - 1]) {
      assert.throws(() => unseal(key, sealed.subarray(0, length)), Error, `${length} bytes`);
    }
    assert.throws(() => unseal(shared, sealed));
  });

  test("an unusable public key is refused", () => {
    assert.throws(() => sharedKey(us.secretKey, new Uint8Array(32)));
    assert.throws(() => sharedKey(us.secretKey, new Uint8Array(31)));
  });
});
