// All keys of one node: its identity, its own key for sealed payloads, and its peers'. On disk they lie side by side in
// one folder; without a folder they last as long as the process.

import { dirname, join } from "node:path";
import type { Log } from "../../log.ts";
import { generateKey, loadOrCreateKey } from "./key-file.ts";
import { PeerKeys } from "./peer-keys.ts";
import { PeerKeysFile } from "./peer-keys-file.ts";
import { generateSealKey, loadOrCreateSealKey } from "./seal-key.ts";
import { Sealing } from "./sealing.ts";

export interface KeyringOptions {
  /** The identity's file; `seal.key` and `peer-keys.json` lie beside it. */
  readonly privateKeyFile: string | undefined;
  /** Whose keys are kept when there is no room for all. */
  isContact(peerId: string): boolean;
  readonly saveKeysMs: number;
  readonly log: Log;
}

export interface Keyring {
  /** libp2p private key, protobuf encoded. */
  readonly identity: Uint8Array;
  readonly peers: PeerKeys;
  readonly sealing: Sealing;
  /** Writes what is not yet written. Never rejects. */
  close(): Promise<void>;
}

/** @throws SignallingError startFailed when a key of our own cannot be read or made, or is damaged */
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
  const peers = new PeerKeys(isContact, () => file.changed());
  await file.loadInto(peers);
  return { identity, peers, sealing: new Sealing(own, peers, log), close: () => file.close() };
}
