// Finds out why there is no path to the peer: what the ICE servers answered, and which kinds of candidates both sides have. A
// server that does not answer shows only after 40 s in the engine, so this judges by what is known when the time is up.

import type { Candidate, IceServer } from "../../../rpc-schema/index.ts";
import { BoundedMap } from "../../common/bounded-map.ts";
import type { ConnectionState } from "../peer.ts";
import { fragmentOf, usernameFragments } from "../session-description.ts";
import { describeTrouble, type ServerAnswer } from "./path-trouble.ts";
import type { TlsTunnels } from "./tls-tunnels.ts";

/** A server could not be asked, or refused (W3C webrtc-pc section 4.8.1.4). */
export interface ServerError {
  /** The engine's own writing of the URL of the setting, and with `stun:` where it asks a TURN server for our address. */
  readonly url: string;
  readonly errorCode: number;
  readonly errorText: string;
}

export interface PathSearchOptions {
  readonly iceServers: readonly IceServer[];
  /** They carry the connections to some of the servers. */
  readonly tunnels: Pick<TlsTunnels, "settingUrl" | "listen">;
  readonly relayOnly: boolean;
  /** Why there is no path so far, each time that the reason changes; null once a path stands. */
  onTrouble(detail: string | null): void;
  /** No path can come any more, because no candidate of ours was found and none will be. */
  onHopeless(): void;
}

/** Nearly every call has a path by then, and no timeout of a call is as short. */
const TELL_AFTER_MS = 2_000;
/** More errors than servers come: one for each network interface and each kind of request. */
const MAX_ERRORS = 64;
const INCOMPATIBLE = /incompatible/;
/** Peers choose their fragments. Only the newest matter. */
const MAX_GENERATIONS = 8;
const TYPE = / typ (host|srflx|prflx|relay)\b/g;

export class PathSearch {
  readonly #options: PathSearchOptions;
  readonly #turnUrls: readonly string[];
  #errors = new Map<string, ServerAnswer>();
  #own = new Set<string>();
  /** By username fragment, because candidates of an ICE restart may come before its description. */
  readonly #remote = new BoundedMap<string, Set<string>>(MAX_GENERATIONS);
  #remoteFragments: ReadonlySet<string> = new Set();
  #timer: NodeJS.Timeout | null = null;
  #isDue = false;
  #lastTold: string | null = null;
  #isClosed = false;

  constructor(options: PathSearchOptions) {
    this.#options = options;
    const urls = options.iceServers.flatMap((server) => server.urls);
    this.#turnUrls = urls.filter((url) => /^turns?:/i.test(url));
    options.tunnels.listen((url, why) => this.addError({ url, errorCode: NOT_REACHED, errorText: why }));
  }

  /** Our side gathers candidates, for the first time or for an ICE restart. */
  begin(): void {
    this.#errors = new Map();
    this.#own = new Set();
    this.#search();
  }

  addOwn(line: string): void {
    for (const [, type = ""] of line.matchAll(TYPE)) this.#own.add(type);
    this.#tell();
  }

  addRemote(candidate: Candidate): void {
    this.#keepRemote(fragmentOf(candidate) ?? "", candidate.candidate);
    this.#tell();
  }

  /** @param sdp may contain candidates */
  describedBy(sdp: string): void {
    this.#remoteFragments = usernameFragments(sdp);
    this.#keepRemote([...this.#remoteFragments][0] ?? "", sdp);
    this.#tell();
  }

  addError({ url, errorCode, errorText }: ServerError): void {
    const asked = this.#turnUrls.find((configured) =>
      isSameServer(configured, this.#options.tunnels.settingUrl(url)),
    );
    // An interface with IPv6 alone cannot ask a server with IPv4, and another one can.
    if (INCOMPATIBLE.test(errorText)) return;
    if (asked === undefined || this.#errors.size >= MAX_ERRORS) return;
    // A server's own answer says more than that another interface does not reach it.
    const known = this.#errors.get(asked);
    if (known === undefined || isMoreTelling(errorCode, known.code)) {
      this.#errors.set(asked, { code: errorCode, text: errorText });
    }
    this.#tell();
  }

  /** The engine has finished gathering. */
  gathered(): void {
    if (!this.#options.relayOnly || this.#own.size > 0 || this.#isClosed || this.#timer === null) return;
    this.#isDue = true;
    this.#tell();
    this.#options.onHopeless();
  }

  stateChanged(state: ConnectionState): void {
    if (state === "connected") {
      this.#found();
    } else if (state === "disconnected" || state === "failed") {
      if (this.#timer === null) this.#search();
      // The engine has tried everything that it knows of.
      if (state === "failed") this.#isDue = true;
      this.#tell();
    }
  }

  /** Idempotent; no callback follows. */
  close(): void {
    this.#isClosed = true;
    this.#stop();
  }

  #keepRemote(fragment: string, text: string): void {
    const types = this.#remote.get(fragment) ?? new Set();
    for (const [, type = ""] of text.matchAll(TYPE)) types.add(type);
    this.#remote.set(fragment, types);
  }

  #remoteTypes(): Set<string> {
    const current = ["", ...this.#remoteFragments].map((fragment) => this.#remote.get(fragment));
    return new Set(current.flatMap((types) => [...(types ?? [])]));
  }

  #found(): void {
    this.#stop();
    if (this.#lastTold === null || this.#isClosed) return;
    this.#lastTold = null;
    this.#options.onTrouble(null);
  }

  #search(): void {
    this.#stop();
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => {
      this.#isDue = true;
      this.#tell();
    }, TELL_AFTER_MS);
  }

  #stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#isDue = false;
  }

  #tell(): void {
    if (!this.#isDue || this.#isClosed) return;
    const remote = this.#remoteTypes();
    const detail = describeTrouble({
      turnUrls: this.#turnUrls,
      answers: this.#errors,
      isRelayOnly: this.#options.relayOnly,
      hasRelay: this.#own.has("relay") || remote.has("relay"),
      hasOwn: this.#own.size > 0,
      hasRemote: remote.size > 0,
    });
    if (detail === this.#lastTold) return;
    this.#lastTold = detail;
    this.#options.onTrouble(detail);
  }
}

/** W3C webrtc-pc section 4.8.1.4: 701 stands for a server that could not be reached, the others come from the server. */
export const NOT_REACHED = 701;

function isMoreTelling(code: number, than: number): boolean {
  return code !== NOT_REACHED && than === NOT_REACHED;
}

/** The engine adds the default port and the transport (RFC 7065 section 3). Only turn: is asked by both protocols. */
function isSameServer(configured: string, reported: string): boolean {
  return serverOf(configured) === serverOf(reported);
}

function serverOf(url: string): string {
  const [place = "", query = ""] = url.toLowerCase().split("?");
  const colon = place.indexOf(":");
  const isTls = /^(?:turns|stuns)$/.test(place.slice(0, colon));
  const authority = place.slice(colon + 1);
  const hasPort = /:\d+$/.test(authority.replace(/^\[.*\]/, ""));
  const address = hasPort ? authority : `${authority}:${isTls ? 5349 : 3478}`;
  const transport = isTls ? "tls" : query.includes("transport=tcp") ? "tcp" : "udp";
  return `${transport} ${address}`;
}
