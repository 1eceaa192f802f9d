// Hosts that relay signals to each other in memory. Each host knows all others and acknowledges deliveries. Tests switch faults.

import {
  createHostRelayedSignalling,
  type HostRelayedSignalling,
  type HostRelayedSignallingOptions,
} from "../../../plugin/signalling/host-relayed-signalling.ts";
import type { SignallingCallbacks } from "../../../plugin/signalling/port.ts";
import { type Contact, RpcError } from "../../../rpc-schema/index.ts";

/** `answers`: delivers and acknowledges. `refuses`: answers peerUnreachable. `silent`: never answers. */
export type HostBehaviour = "answers" | "refuses" | "silent";

interface HostedPeer {
  readonly signalling: HostRelayedSignalling;
  readonly contact: Contact;
}

export class InMemoryHosts {
  behaviour: HostBehaviour = "answers";
  /** Every `signal.send` request, in order. */
  readonly requests: { from: string; peerId: string; topic: string; payload: unknown }[] = [];
  readonly #peers = new Map<string, HostedPeer>();

  create(label: string, callbacks: SignallingCallbacks, carryMs = 5_000): HostRelayedSignalling {
    const selfId = `HostedPeer${"ABCDEFGH"[this.#peers.size]}`;
    const signalling = createHostRelayedSignalling(
      {
        selfId,
        request: (message, { signal, timeoutMs }) => this.#ask(selfId, message, signal, timeoutMs),
        log: () => undefined,
        sendTimeoutMs: carryMs,
      },
      callbacks,
    );
    const contact = {
      peerId: selfId,
      label,
      addresses: [`/p2p/${selfId}`],
      reachable: true,
      videoDisabled: false,
    };
    this.#peers.set(selfId, { signalling, contact });
    this.sendContacts();
    return signalling;
  }

  /** Every host sends its plugin all contacts, including the plugin itself. */
  sendContacts(): void {
    const contacts = [...this.#peers.values()].map(({ contact }) => contact);
    for (const { signalling } of this.#peers.values()) signalling.setContacts(contacts);
  }

  async #ask(
    from: string,
    message: Parameters<HostRelayedSignallingOptions["request"]>[0],
    signal: AbortSignal,
    timeoutMs: number,
  ): Promise<null> {
    this.requests.push({ from, ...message });
    await new Promise((resolve) => setImmediate(resolve));
    signal.throwIfAborted();
    if (this.behaviour === "silent") return this.#never(signal, timeoutMs);
    const peer = this.#peers.get(message.peerId);
    if (!peer || this.behaviour === "refuses") throw new RpcError("peerUnreachable", "no such peer");
    peer.signalling.deliver(from, message.topic, message.payload);
    return null;
  }

  /** Rejects after the requester's own time limit, as the link does. */
  #never(signal: AbortSignal, timeoutMs: number): Promise<never> {
    return new Promise((_, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
      signal.addEventListener("abort", () => {
        clearTimeout(timer);
        reject(signal.reason);
      });
    });
  }
}
