// All keys of one node: its identity, its own encryption key, and its peers' encryption keys. They are stored in one
// folder. Without a folder they last as long as the process.

import { dirname, join } from "node:path";
import type { Log } from "../../log.ts";
import { generateKey, loadOrCreateKey } from "./key-file.ts";
import { PeerKeys } from "./peer-keys.ts";
import { PeerKeysFile } from "./peer-keys-file.ts";
import { generateSealKey, loadOrCreateSealKey } from "./seal-key.ts";
import { Sealing } from "./sealing.ts";

interface KeyringOptions {
  /** The identity's file. `seal.key` and `peer-keys.json` are stored beside it. */
  readonly privateKeyFile: string | undefined;
  /** Keys of contacts are dropped last when there are too many. */
  isContact(peerId: string): boolean;
  readonly saveKeysMs: number;
  readonly log: Log;
}

export interface Keyring {
  /** The libp2p private key in protobuf encoding. */
  readonly identity: Uint8Array;
  readonly peers: PeerKeys;
  readonly sealing: Sealing;
  /** Writes pending changes. Never rejects. */
  close(): Promise<void>;
}

/** @throws SignallingError startFailed if one of our own keys is damaged or cannot be read or created */
export async function openKeyring({
  privateKeyFile,
  isContact,
  saveKeysMs,
  log,
}: KeyringOptions): Promise<Keyring> {
  if (privateKeyFile === undefined) {
    const peers = new PeerKeys(isContact, () => undefined);
    const sealing = new Sealing(generateSealKey(), peers, log);
    return { identity: generateKey(), peers, sealing, close: () => Promise.resolve() };
  }
  const identity = await loadOrCreateKey(privateKeyFile, log);
  const folder = dirname(privateKeyFile);
  const own = await loadOrCreateSealKey(join(folder, "seal.key"), log);
  const file = new PeerKeysFile(join(folder, "peer-keys.json"), saveKeysMs, log);
  const peers = new PeerKeys(isContact, () => file.scheduleSave());
  await file.loadInto(peers);
  return { identity, peers, sealing: new Sealing(own, peers, log), close: () => file.close() };
}
