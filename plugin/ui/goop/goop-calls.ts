// `Goop.call` as Goop²'s pages use it, on the plugin's link: it starts calls, reports incoming ones, and restores the
// sessions of a page that was reloaded during a call.

import type { CallInfo, MediaKind, PluginNotificationParams } from "../../../rpc-schema/index.ts";
import { type Link, LinkError } from "../link/page-link.ts";
import { callListener, type Listener, Listeners } from "../listeners.ts";
import { GoopSession, isFailure } from "./goop-session.ts";

/** An incoming call that rings, as passed to onIncoming. */
export interface IncomingCall {
  readonly channelId: string;
  /** Pages use both names. */
  readonly peerId: string;
  readonly remotePeerId: string;
  readonly mediaType: MediaKind;
  /** @throws LinkError when the call no longer rings */
  accept(): Promise<GoopSession>;
  reject(): void;
  /** Not in Goop²'s interface. Runs when the call stops ringing because it was answered, declined or cancelled. */
  onEnded(listener: Listener<void>): void;
}

/** Either a name, or constraints as for getUserMedia. */
export type CallMedia = MediaKind | { audio?: boolean; video?: boolean };

interface RingingCall {
  readonly incoming: IncomingCall;
  readonly ended: Listeners<void>;
}

/** A host needs less than this to start its plugin. */
const READY_TIMEOUT_MS = 30_000;

/** Sets the link's `onOpenChange`. */
export class GoopCalls {
  readonly #link: Link;
  readonly #makeSession: (info: CallInfo) => GoopSession;
  readonly #sessions = new Map<string, GoopSession>();
  readonly #ringing = new Map<string, RingingCall>();
  readonly #incoming = new Listeners<IncomingCall>();
  readonly #restored = new Listeners<GoopSession>();
  /** Sessions of calls that were running when the page loaded. Later onRestore listeners get them too. */
  readonly #restoredSessions = new Set<GoopSession>();
  /** Ids of the calls that this page started or accepted. */
  readonly #ownCallIds = new Set<string>();
  #ready = Promise.withResolvers<void>();
  #isLoading = false;
  /** Runs after each change with all present calls, also ringing ones. `ended` is set when a call has ended. */
  onChange: (calls: readonly CallInfo[], ended?: PluginNotificationParams<"call.ended">) => void = () =>
    undefined;
  readonly #calls = new Map<string, CallInfo>();

  /** @param makeSession lets a page use sessions of its own kind */
  constructor(
    link: Link,
    makeSession: (info: CallInfo) => GoopSession = (info) => new GoopSession(link, info, reportError),
  ) {
    this.#link = link;
    this.#makeSession = makeSession;
    link.onOpenChange = (isOpen) => {
      if (!isOpen) this.#isLoading = false;
    };
    link.on("host.state", ({ plugin }) => {
      if (plugin.state !== "ready") this.#pluginStopped(plugin.resumes);
      else if (!this.#isLoading) void this.#load();
      this.#isLoading = plugin.state === "ready";
    });
    link.on("call.incoming", (info) => this.#updateCall(info));
    link.on("call.changed", (info) => this.#updateCall(info));
    link.on("call.ended", (end) => this.#callEnded(end));
  }

  /** @throws LinkError `timeout` when the plugin is not ready in time, or the plugin's refusal, such as `alreadyInCall` */
  readonly start = async (peerId: string, requested: CallMedia = "video"): Promise<GoopSession> => {
    await this.#whenReady();
    const media = typeof requested === "string" ? requested : requested.video ? "video" : "audio";
    const { callId } = await this.#link.request("call.start", { peerId, media });
    return await this.#sessionOf(callId);
  };

  /** Also reports calls that ring already. */
  readonly onIncoming = (listener: Listener<IncomingCall>): void => {
    this.#incoming.add(listener);
    for (const { incoming } of this.#ringing.values()) callListener(listener, incoming);
  };

  /** Reports the calls that were running when this page loaded, also those found before. */
  readonly onRestore = (listener: Listener<GoopSession>): void => {
    this.#restored.add(listener);
    for (const session of this.#restoredSessions) callListener(listener, session);
  };

  readonly activeCalls = (): GoopSession[] => [...this.#sessions.values()];

  async #load(): Promise<void> {
    // Taken before the request: a notification that arrives before the answer must not count as a known call.
    const knownIds = new Set(this.#sessions.keys());
    try {
      const { calls } = await this.#link.request("call.list", {});
      this.#dropMissing(calls);
      for (const info of calls) {
        this.#updateCall(info);
        this.#sessions.get(info.callId)?.resume();
        const session = this.#sessions.get(info.callId);
        if (session && !knownIds.has(info.callId) && !this.#ownCallIds.has(info.callId))
          this.#restore(session);
      }
      this.#ready.resolve();
    } catch (error) {
      reportError(error);
    }
  }

  #restore(session: GoopSession): void {
    this.#restoredSessions.add(session);
    this.#restored.notify(session);
  }

  /** Ends the sessions of calls that ended while the page had no connection. */
  #dropMissing(calls: readonly CallInfo[]): void {
    const alive = new Set(calls.map(({ callId }) => callId));
    for (const callId of [...this.#calls.keys()]) if (!alive.has(callId)) this.#drop(callId, "closed");
  }

  /** @param resumes the call that the next plugin continues; the page shows it as reconnecting */
  #pluginStopped(resumes: string | undefined): void {
    this.#ready.resolve();
    this.#ready = Promise.withResolvers();
    for (const [callId, info] of [...this.#calls]) {
      const session = callId === resumes ? this.#sessions.get(callId) : undefined;
      const lost: CallInfo = { ...info, phase: "reconnecting" };
      if (session) this.#calls.set(callId, lost);
      else this.#drop(callId, "failed");
      session?.pause(lost);
    }
    this.onChange([...this.#calls.values()]);
  }

  #updateCall(info: CallInfo): void {
    this.#calls.set(info.callId, info);
    const isRinging = isRingingIncoming(info);
    if (!isRinging) this.#stopRinging(info.callId);
    if (isRinging) this.#ring(info);
    else this.#updateSession(info);
    this.onChange([...this.#calls.values()]);
  }

  #updateSession(info: CallInfo): GoopSession {
    const known = this.#sessions.get(info.callId);
    if (known) {
      known.update(info);
      return known;
    }
    const session = this.#makeSession(info);
    this.#sessions.set(info.callId, session);
    return session;
  }

  #ring(info: CallInfo): void {
    if (this.#ringing.has(info.callId)) return;
    const ended = new Listeners<void>();
    const incoming = this.#incomingCall(info, ended);
    this.#ringing.set(info.callId, { incoming, ended });
    this.#incoming.notify(incoming);
  }

  #incomingCall({ callId, peerId, media }: CallInfo, ended: Listeners<void>): IncomingCall {
    return {
      channelId: callId,
      peerId,
      remotePeerId: peerId,
      mediaType: media,
      accept: async () => {
        await this.#link.request("call.accept", { callId });
        return await this.#sessionOf(callId);
      },
      reject: () => {
        this.#link.request("call.reject", { callId }).catch(reportError);
      },
      onEnded: (listener) => ended.add(listener),
    };
  }

  #stopRinging(callId: string): void {
    const ringing = this.#ringing.get(callId);
    this.#ringing.delete(callId);
    ringing?.ended.notify();
  }

  #callEnded(end: PluginNotificationParams<"call.ended">): void {
    this.#drop(end.callId, isFailure(end) ? "failed" : "closed");
    this.onChange([...this.#calls.values()], end);
  }

  #drop(callId: string, state: "failed" | "closed"): void {
    this.#calls.delete(callId);
    this.#ownCallIds.delete(callId);
    this.#stopRinging(callId);
    const session = this.#sessions.get(callId);
    this.#sessions.delete(callId);
    if (!session) return;
    this.#restoredSessions.delete(session);
    session.end(state);
  }

  /** The answer to `call.start` can arrive before the first notification of the call. */
  async #sessionOf(callId: string): Promise<GoopSession> {
    this.#ownCallIds.add(callId);
    const known = this.#sessions.get(callId);
    if (known) return known;
    const { calls } = await this.#link.request("call.list", {});
    const info = calls.find((call) => call.callId === callId);
    if (!info) throw new LinkError("unknownCall", "The call has ended already.");
    const session = this.#sessions.get(callId) ?? this.#updateSession(info);
    this.#calls.set(callId, info);
    this.onChange([...this.#calls.values()]);
    return session;
  }

  async #whenReady(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const timeout = new Promise<never>((_resolve, reject) => {
      const message = `The call plugin was not ready within ${READY_TIMEOUT_MS / 1000} s.`;
      timer = setTimeout(() => reject(new LinkError("timeout", message)), READY_TIMEOUT_MS);
    });
    await Promise.race([this.#ready.promise, timeout]).finally(() => clearTimeout(timer));
  }
}

export function isRingingIncoming({ direction, phase }: CallInfo): boolean {
  return direction === "incoming" && (phase === "requesting" || phase === "ringing");
}
