// Hosts that carry signals, joined in memory: each end's host knows all the others, acknowledges what it delivered, and has
// the faults that a test asks for.

import {
  createHostRelayedSignalling,
  type HostRelayedSignalling,
  type HostRelayedSignallingOptions,
} from "../../../plugin/signalling/host-relayed-signalling.ts";
import type { SignallingCallbacks } from "../../../plugin/signalling/port.ts";
import { type Contact, RpcError } from "../../../rpc-schema/index.ts";

/** answers: delivers and acknowledges. refuses: answers peerUnreachable. silent: never answers. */
export type HostBehaviour = "answers" | "refuses" | "silent";

interface End {
  readonly signalling: HostRelayedSignalling;
  readonly contact: Contact;
}

export class InMemoryHosts {
  behaviour: HostBehaviour = "answers";
  /** Every message that an end asked its host to send, in order. */
  readonly requests: { from: string; peerId: string; topic: string; payload: unknown }[] = [];
  readonly #ends = new Map<string, End>();

  create(label: string, callbacks: SignallingCallbacks, carryMs = 5_000): HostRelayedSignalling {
    const selfId = `HostedPeer${"ABCDEFGH"[this.#ends.size]}`;
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
    this.#ends.set(selfId, { signalling, contact });
    this.sendContacts();
    return signalling;
  }

  /** Each end's own host tells it of all ends, itself included. */
  sendContacts(): void {
    const contacts = [...this.#ends.values()].map(({ contact }) => contact);
    for (const { signalling } of this.#ends.values()) signalling.setContacts(contacts);
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
    const end = this.#ends.get(message.peerId);
    if (!end || this.behaviour === "refuses") throw new RpcError("peerUnreachable", "no such peer");
    end.signalling.deliver(from, message.topic, message.payload);
    return null;
  }

  /** As the link does it: the asker gives up by its own limit. */
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
