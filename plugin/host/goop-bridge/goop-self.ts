// The user of a running Goop²: who it is, and whether calls are switched off in its settings.

import { pause } from "../../common/deadline.ts";
import { errorText } from "../../common/error-text.ts";
import { quickSettingsSchema, selfSchema } from "./answers.ts";
import { type GoopClient, GoopError } from "./goop-client.ts";

export interface Self {
  readonly selfId: string;
  readonly label: string;
  readonly email: string;
  readonly avatarHash: string;
  readonly videoDisabled: boolean;
}

/** @throws GoopError, or the signal's reason */
export async function readSelf(client: GoopClient, signal: AbortSignal): Promise<Self> {
  const self = selfSchema.safeParse(await client.getJson("/api/self", signal));
  if (!self.success) {
    throw new GoopError("strange", `${client.origin}/api/self names no peer. Is it Goop²?`);
  }
  const { id, label, email, avatar_hash } = self.data;
  const videoDisabled = await readVideoDisabled(client, signal);
  return { selfId: id, label, email, avatarHash: avatar_hash, videoDisabled };
}

/**
 * Tells a peer who our user is, as Goop² does on request. The peer keeps the keys that it knows.
 * @throws GoopError, or the signal's reason
 */
export async function sendIdentity(
  client: GoopClient,
  peerId: string,
  { selfId, label, email, avatarHash, videoDisabled }: Self,
  signal: AbortSignal,
): Promise<void> {
  // Peers drop an identity without a name. A Goop² without one publishes this.
  const content = label || "hello";
  const payload = { peerID: selfId, content, email, avatarHash, videoDisabled, reachable: true };
  await client.postJson("/api/mq/send", { peer_id: peerId, topic: "identity.response", payload }, signal);
}

export interface SettingFollower {
  readonly client: GoopClient;
  readonly signal: AbortSignal;
  /** Pause between two requests, milliseconds. */
  readonly pollMs: number;
  /** Reports each problem once. */
  report(line: string): void;
  /** Runs after each change of `video_disabled`, and again after a rejection. */
  apply(videoDisabled: boolean): Promise<void>;
}

/** Never resolves. @param first the value that has been applied. @throws the signal's reason */
export async function followVideoDisabled(first: boolean, follower: SettingFollower): Promise<never> {
  const { client, signal, pollMs, report, apply } = follower;
  let applied = first;
  let lastReport = "";
  for (;;) {
    await pause(pollMs, signal);
    try {
      const now = await readVideoDisabled(client, signal);
      if (now !== applied) await apply(now);
      applied = now;
      lastReport = "";
    } catch (error) {
      signal.throwIfAborted();
      // The event stream reports a Goop² that is away.
      if (error instanceof GoopError && error.code === "down") continue;
      const problem = `the changed setting of Goop² has no effect yet: ${errorText(error)}`;
      if (problem !== lastReport) report(problem);
      lastReport = problem;
    }
  }
}

/** False where an older Goop² does not have the setting. @throws GoopError down, or the signal's reason */
async function readVideoDisabled(client: GoopClient, signal: AbortSignal): Promise<boolean> {
  const quick = await client.getJson("/api/settings/quick/get", signal).catch((error: unknown) => {
    if (error instanceof GoopError && error.code !== "down") return {};
    throw error;
  });
  return quickSettingsSchema.parse(quick).video_disabled;
}
