// Go's call manager behind the script of Goop²'s page in native mode [3.2, 3.3, 5.1]. The script sends the request and
// rings, and the manager does the rest. It does not compare a sender with the channel's peer [3.9].

import type { DeployedCall, DeployedCalls, DeployedRing } from "./deployed-call.ts";
import { type NativeEnvironment, NativeSession } from "./native-session.ts";
import { asCallMessage, type MediaKind, requestedKind } from "./wire/wire.ts";

const PLATFORM = "linux";

export class NativeCalls implements DeployedCalls {
  readonly complaints: string[] = [];
  /** Never cleared by a hang-up [3.6]. */
  readonly pendingCalls = new Map<string, string>();
  readonly #env: NativeEnvironment;
  readonly #sessions = new Map<string, NativeSession>();
  #ring: (ring: DeployedRing) => void = () => undefined;

  constructor(env: Omit<NativeEnvironment, "complain">) {
    this.#env = { ...env, complain: (why) => this.complaints.push(why) };
  }

  onRing(take: (ring: DeployedRing) => void): void {
    this.#ring = take;
  }

  /** Opens the session, and with it the camera, before it sends the request [5.1]. */
  async start(peerId: string, kind: MediaKind): Promise<DeployedCall> {
    const { constraintsRequest } = this.#env.quirks;
    const channelId = `nc-${Math.random().toString(36).slice(2, 10)}`;
    const session = this.#add({ channelId, peerId, isOrigin: true, kind });
    await session.send(
      constraintsRequest
        ? { type: "call-request", constraints: { video: kind === "video", audio: true } }
        : { type: "call-request", mode: "native", platform: PLATFORM, mediaType: kind },
    );
    return session;
  }

  take(from: string, channelId: string, payload: unknown): void {
    const message = asCallMessage(payload);
    if (!message) return;
    if (message.type === "call-request") {
      this.pendingCalls.set(channelId, from);
      const kind = requestedKind(message);
      const call = { channelId, peerId: from, kind };
      this.#ring({ ...call, accept: () => this.#accept(call), reject: () => this.#reject(call) });
    } else {
      this.#sessions.get(channelId)?.take(message);
    }
  }

  async stop(): Promise<void> {
    for (const session of this.#sessions.values()) await session.hangup();
  }

  /** Ends the session when the acknowledgement cannot be delivered [3.3]. */
  async #accept(call: Pick<DeployedCall, "channelId" | "peerId" | "kind">): Promise<DeployedCall> {
    const session = this.#add({ ...call, isOrigin: false });
    const mode = this.#env.quirks.ackWithoutMode ? {} : { mode: "native" };
    try {
      await session.send({ type: "call-ack", ...mode, platform: PLATFORM });
    } catch (error) {
      await session.hangup();
      throw error;
    }
    return session;
  }

  async #reject({ channelId, peerId }: Pick<DeployedCall, "channelId" | "peerId">): Promise<void> {
    await this.#env.send(peerId, channelId, { type: "call-hangup" });
  }

  #add(call: Pick<DeployedCall, "channelId" | "peerId" | "isOrigin" | "kind">): NativeSession {
    const session = new NativeSession(call, this.#env);
    this.#sessions.set(call.channelId, session);
    void session.ended.then(() => this.#sessions.delete(call.channelId));
    return session;
  }
}
