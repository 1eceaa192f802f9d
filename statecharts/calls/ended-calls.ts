// What is remembered of calls that are over, so that late and repeated signals of theirs are known for what they are.
// Bounded for each peer, so that nobody can push out what is known of another's calls, or end them before they begin.

import type { EndReason } from "../../rpc-schema/index.ts";

/** More than a host keeps for its page while nobody looks: 200 messages, a request and a hang-up for each call. */
const MAX_CALLS_OF_A_PEER = 128;
/** More than anybody calls in the minutes for which stale messages live. */
const MAX_PEERS = 64;

/** Peer id → call id → why it ended; those used last are last. */
export type EndMemory = ReadonlyMap<string, ReadonlyMap<string, EndReason>>;

/** A copy with one end more; the oldest of this peer, or the peer not heard of for longest, makes room. */
export function withEnd(memory: EndMemory, peerId: string, callId: string, reason: EndReason): EndMemory {
  const ends = newest(memory.get(peerId), callId, reason, MAX_CALLS_OF_A_PEER);
  return newest(memory, peerId, ends, MAX_PEERS);
}

export function endReasonOf(memory: EndMemory, peerId: string, callId: string): EndReason | undefined {
  return memory.get(peerId)?.get(callId);
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
