// `Goop.call` as Goop²'s pages know it, on the plugin's link: who calls, which calls there are, and which of them a page that
// was loaded anew finds again. Draws nothing.

import type { CallInfo, MediaKind, PluginNotificationParams } from "../../../rpc-schema/index.ts";
import { type Link, LinkError } from "../link/page-link.ts";
import { callListener, type Listener, Listeners } from "../listeners.ts";
import { GoopSession, isFailure } from "./goop-session.ts";

/** What rings, as handed to onIncoming. */
export interface IncomingCall {
  readonly channelId: string;
  /** The same under the two names that pages use. */
  readonly peerId: string;
  readonly remotePeerId: string;
  readonly mediaType: MediaKind;
  /** @throws LinkError when it rings no more */
  accept(): Promise<GoopSession>;
  reject(): void;
  /** Beyond that host's interface: it rings no more, because it was answered, declined or given up. */
  onEnded(listener: Listener<void>): void;
}

/** As getUserMedia takes them. */
export type CallMedia = MediaKind | { audio?: boolean; video?: boolean };

interface Ringing {
  readonly incoming: IncomingCall;
  readonly ended: Listeners<void>;
}

/** A host that starts its plugin takes this long at most. */
const READY_TIMEOUT_MS = 30_000;

/** Takes the link's `onOpenChange` for itself. */
export class GoopCalls {
  readonly #link: Link;
  readonly #sessions = new Map<string, GoopSession>();
  readonly #ringing = new Map<string, Ringing>();
  readonly #incoming = new Listeners<IncomingCall>();
  readonly #restored = new Listeners<GoopSession>();
  /** Found when the page was loaded; told to those too who ask later. */
  readonly #found = new Set<GoopSession>();
  /** Calls that this page started or accepted. */
  readonly #own = new Set<string>();
  #ready = Promise.withResolvers<void>();
  #isLoading = false;
  /** Every call of the moment, ringing ones too, after each change; and how one ended. */
  onChange: (calls: readonly CallInfo[], ended?: PluginNotificationParams<"call.ended">) => void = () =>
    undefined;
  readonly #calls = new Map<string, CallInfo>();

  constructor(link: Link) {
    this.#link = link;
    link.onOpenChange = (isOpen) => {
      if (!isOpen) this.#isLoading = false;
    };
    link.on("host.state", ({ plugin }) => {
      if (plugin.state !== "ready") this.#pluginGone(plugin.resumes);
      else if (!this.#isLoading) void this.#load();
      this.#isLoading = plugin.state === "ready";
    });
    link.on("call.incoming", (info) => this.#told(info));
    link.on("call.changed", (info) => this.#told(info));
    link.on("call.ended", (end) => this.#ended(end));
  }

  /** @throws LinkError `timeout` when there is no plugin in time, or its refusal, such as `alreadyInCall` */
  readonly start = async (peerId: string, wish: CallMedia = "video"): Promise<GoopSession> => {
    await this.#whenReady();
    const media = typeof wish === "string" ? wish : wish.video ? "video" : "audio";
    const { callId } = await this.#link.request("call.start", { peerId, media });
    return await this.#sessionOf(callId);
  };

  /** Tells of what rings already, too. */
  readonly onIncoming = (listener: Listener<IncomingCall>): void => {
    this.#incoming.add(listener);
    for (const { incoming } of this.#ringing.values()) callListener(listener, incoming);
  };

  /** A call that was going on when this page was loaded, now or already. */
  readonly onRestore = (listener: Listener<GoopSession>): void => {
    this.#restored.add(listener);
    for (const session of this.#found) callListener(listener, session);
  };

  readonly activeCalls = (): GoopSession[] => [...this.#sessions.values()];

  async #load(): Promise<void> {
    // Before asking: what is told of a call while the answer is on its way makes it no call of this page.
    const known = new Set(this.#sessions.keys());
    try {
      const { calls } = await this.#link.request("call.list", {});
      this.#dropMissing(calls);
      for (const info of calls) {
        this.#told(info);
        this.#sessions.get(info.callId)?.resume();
        const session = this.#sessions.get(info.callId);
        if (session && !known.has(info.callId) && !this.#own.has(info.callId)) this.#restore(session);
      }
      this.#ready.resolve();
    } catch (error) {
      reportError(error);
    }
  }

  #restore(session: GoopSession): void {
    this.#found.add(session);
    this.#restored.notify(session);
  }

  /** Calls that ended while the page had no connection. */
  #dropMissing(calls: readonly CallInfo[]): void {
    const alive = new Set(calls.map(({ callId }) => callId));
    for (const callId of [...this.#calls.keys()]) if (!alive.has(callId)) this.#drop(callId, "closed");
  }

  /** @param resumes the call with which another plugin goes on: for the page its path is lost, and nothing else */
  #pluginGone(resumes: string | undefined): void {
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

  #told(info: CallInfo): void {
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
    const session = new GoopSession(this.#link, info, reportError);
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

  #ended(end: PluginNotificationParams<"call.ended">): void {
    this.#drop(end.callId, isFailure(end) ? "failed" : "closed");
    this.onChange([...this.#calls.values()], end);
  }

  #drop(callId: string, state: "failed" | "closed"): void {
    this.#calls.delete(callId);
    this.#own.delete(callId);
    this.#stopRinging(callId);
    const session = this.#sessions.get(callId);
    this.#sessions.delete(callId);
    if (!session) return;
    this.#found.delete(session);
    session.end(state);
  }

  /** The answer may come before the first word about the call. */
  async #sessionOf(callId: string): Promise<GoopSession> {
    this.#own.add(callId);
    const known = this.#sessions.get(callId);
    if (known) return known;
    const { calls } = await this.#link.request("call.list", {});
    const info = calls.find((one) => one.callId === callId);
    if (!info) throw new LinkError("unknownCall", "The call has ended already.");
    const session = this.#sessions.get(callId) ?? this.#updateSession(info);
    this.#calls.set(callId, info);
    this.onChange([...this.#calls.values()]);
    return session;
  }

  async #whenReady(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      const words = `The call plugin was not ready within ${READY_TIMEOUT_MS / 1000} s.`;
      timer = setTimeout(() => reject(new LinkError("timeout", words)), READY_TIMEOUT_MS);
    });
    await Promise.race([this.#ready.promise, late]).finally(() => clearTimeout(timer));
  }
}

export function isRingingIncoming({ direction, phase }: CallInfo): boolean {
  return direction === "incoming" && (phase === "requesting" || phase === "ringing");
}
