// The memory of ended calls. It recognises late and duplicate signals of those calls. The limit applies to each peer, so
// that one peer can neither displace the entries of another nor end a call before it begins. Strangers cost nothing to make up,
// so all of them together have the place of one peer.

import type { EndReason } from "../../rpc-schema/index.ts";

/** A host buffers up to 200 messages for its page, with a request and a hang-up for each call. This is more. */
const MAX_CALLS_OF_A_PEER = 128;
/** More peers than a user calls in the minutes in which a stale message can still arrive. */
const MAX_PEERS = 64;

/** No peer id is empty. The call ids of this entry have the peer's id before them. */
const STRANGERS = "";

/** Peer id → call id → end reason. The most recently used are last. */
export type EndMemory = ReadonlyMap<string, ReadonlyMap<string, EndReason>>;

interface EndOf {
  readonly peerId: string;
  readonly callId: string;
  readonly isStranger?: boolean | undefined;
}

/** @returns a copy with one more end. At a limit it drops the peer's oldest end, or the peer that was used least recently. */
export function withEnd(
  memory: EndMemory,
  { peerId, callId, isStranger }: EndOf,
  reason: EndReason,
): EndMemory {
  const [key, id] = isStranger ? [STRANGERS, idOfStranger(peerId, callId)] : [peerId, callId];
  const ends = newest(memory.get(key), id, reason, MAX_CALLS_OF_A_PEER);
  return newest(memory, key, ends, MAX_PEERS);
}

/** The peer may have been a stranger when the call ended. */
export function endReasonOf(memory: EndMemory, peerId: string, callId: string): EndReason | undefined {
  return memory.get(peerId)?.get(callId) ?? memory.get(STRANGERS)?.get(idOfStranger(peerId, callId));
}

/** Neither id contains a blank. */
function idOfStranger(peerId: string, callId: string): string {
  return `${peerId} ${callId}`;
}

function newest<V>(
  map: ReadonlyMap<string, V> | undefined,
  key: string,
  value: V,
  max: number,
): ReadonlyMap<string, V> {
  const copy = new Map(map);
  copy.delete(key);
  copy.set(key, value);
  const [oldest] = copy.keys();
  if (copy.size > max && oldest !== undefined) copy.delete(oldest);
  return copy;
}
