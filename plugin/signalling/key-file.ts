// The node's Ed25519 key on disk, in libp2p's protobuf form, as the host keeps its own: bytes 08 01 12 40, the
// 32-byte seed, the 32-byte public key (libp2p peer id specification, "Keys"). A file that is damaged is an error,
// never replaced: a new key would be a new identity.

import { createPrivateKey, createPublicKey, generateKeyPairSync, randomUUID } from "node:crypto";
import { link, mkdir, open, readFile, stat, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import type { Log } from "../log.ts";
import { textOf } from "./deadline.ts";
import { SignallingError } from "./port.ts";

/** KeyType Ed25519 (field 1 = 1), Data of 64 bytes (field 2). */
const HEADER = Uint8Array.of(0x08, 0x01, 0x12, 0x40);
const SEED_BYTES = 32;
const FILE_BYTES = HEADER.length + 2 * SEED_BYTES;
/** RFC 8410 section 7: what stands before the seed in a PKCS #8 Ed25519 private key. */
const PKCS8_HEADER = Buffer.from("302e020100300506032b657004220420", "hex");

/** A new key in memory, protobuf encoded. */
export function generateKey(): Uint8Array {
  const pkcs8 = generateKeyPairSync("ed25519").privateKey.export({ format: "der", type: "pkcs8" });
  return encode(pkcs8.subarray(PKCS8_HEADER.length));
}

/**
 * Reads the key, or makes the file (mode 0600, its directory 0700) when there is none. Of two processes that start at
 * once, both get the key that was there first.
 * @throws SignallingError startFailed when the file cannot be read or made, or is damaged
 */
export async function loadOrCreateKey(path: string, log: Log): Promise<Uint8Array> {
  try {
    const existing = await readIfThere(path);
    if (!existing) await create(path);
    const key = check(existing ?? (await readFile(path)));
    await warnWhenOpenToOthers(path, log);
    return key;
  } catch (error) {
    throw new SignallingError("startFailed", `key file ${path}: ${textOf(error)}`, error);
  }
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (isCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** link(2), unlike rename(2), never replaces a file that another process has made meanwhile. */
async function create(path: string): Promise<void> {
  const directory = dirname(path);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await writeDurably(temporary, generateKey());
    await link(temporary, path);
  } catch (error) {
    if (!isCode(error, "EEXIST")) throw error;
  } finally {
    await unlink(temporary).catch(() => undefined); // it was never made
  }
  await syncDirectory(directory);
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function check(bytes: Uint8Array): Uint8Array {
  if (bytes.length !== FILE_BYTES) {
    throw new Error(
      `is ${bytes.length} bytes long, expected ${FILE_BYTES}; move it away to get a new identity`,
    );
  }
  const seed = bytes.subarray(HEADER.length, HEADER.length + SEED_BYTES);
  if (!Buffer.from(encode(seed)).equals(bytes)) {
    throw new Error("is not a libp2p Ed25519 private key; move it away to get a new identity");
  }
  return bytes;
}

function encode(seed: Uint8Array): Uint8Array {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_HEADER, seed]), format: "der", type: "pkcs8" });
  const spki = createPublicKey(key).export({ format: "der", type: "spki" });
  return Buffer.concat([HEADER, seed, spki.subarray(spki.length - SEED_BYTES)]);
}

async function warnWhenOpenToOthers(path: string, log: Log): Promise<void> {
  const mode = (await stat(path)).mode & 0o777;
  if (mode & 0o077) log("warn", `key file ${path} has mode 0${mode.toString(8)}, expected 0600`);
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
