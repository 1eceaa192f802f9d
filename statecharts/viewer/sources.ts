// The sources of entries: a running plugin over its host's WebSocket, or a file. Both write to the same kind of sink.

import type { ChartDescription, ChartLogEntry } from "../../rpc-schema/index.ts";
import { isRecord } from "../describe/is-record.ts";
import { type Recording, readRecording } from "./model/read-file.ts";
import { Rpc, RpcFailure } from "./rpc.ts";

/** Interval of checks whether debugging is on. A host that reports its settings is faster. */
const RETRY_MS = 2_000;
/** The host's subprotocol, and the one with the session's token. */
const PAGE_PROTOCOL = "goop-call.v1";
const TOKEN_PROTOCOL_PREFIX = "token.";
const MAX_FILE_BYTES = 64 * 1024 * 1024;

/** The state of a source. off: debugging is off in the plugin. */
export type SourceState = "connecting" | "live" | "off" | "lost" | "file";

export interface Sink {
  /** Starts a new session. @param charts undefined if the source has no charts of its own */
  begin(charts: readonly ChartDescription[] | undefined, startedAt: number | undefined): void;
  entries(entries: readonly ChartLogEntry[]): void;
  state(state: SourceState, detail: string): void;
}

export interface Source {
  end(): void;
}

/** Reads `#token=…` and, for another server, `&ws=ws://127.0.0.1:PORT/…` from the page's address. */
export function addressOf(place: Location): { url: string; protocols: string[] } {
  const given = new URLSearchParams(place.hash.slice(1));
  const url = given.get("ws") ?? `ws://${place.host}/link`;
  return { url, protocols: [PAGE_PROTOCOL, TOKEN_PROTOCOL_PREFIX + (given.get("token") ?? "")] };
}

export function liveSource(address: { url: string; protocols: string[] }, sink: Sink): Source {
  return new LiveSource(address, sink);
}

class LiveSource implements Source {
  readonly #rpc: Rpc;
  readonly #sink: Sink;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #phase: "idle" | "subscribing" | "subscribed" | "ended" = "idle";

  constructor(address: { url: string; protocols: string[] }, sink: Sink) {
    this.#sink = sink;
    sink.state("connecting", address.url);
    this.#rpc = new Rpc({
      ...address,
      onOpen: () => void this.#begin(),
      onClose: () =>
        this.#stop("lost", "The connection to the host is lost. This page reconnects by itself."),
      onNotification: (method, params) => {
        if (method === "host.state") this.#setAvailable(isAvailable(params));
        if (method !== "charts.recorded" || this.#phase !== "subscribed") return;
        sink.entries(params.entries as ChartLogEntry[]);
      },
    });
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#phase = "ended";
    const close = () => this.#rpc.close();
    // Ends the recording at once. A host also ends it when the socket closes.
    void this.#rpc.request("charts.unsubscribe").then(close, close);
  }

  async #begin(): Promise<void> {
    if (this.#phase !== "idle") return;
    clearTimeout(this.#timer);
    this.#phase = "subscribing";
    try {
      const listed = await this.#rpc.request("charts.list");
      const answer = await this.#rpc.request("charts.subscribe");
      // No message can arrive between the response and this line, because each has its own turn of the event loop.
      if (this.#phase !== "subscribing") return;
      this.#phase = "subscribed";
      const charts = isRecord(listed) && Array.isArray(listed.charts) ? listed.charts : [];
      this.#sink.begin(charts as ChartDescription[], isRecord(answer) ? Number(answer.startedAt) : undefined);
      this.#sink.state("live", "");
    } catch (error) {
      if (!(error instanceof RpcFailure)) throw error;
      if (this.#phase !== "subscribing" || error.kind === "disconnected") return;
      this.#stop(error.kind === "debuggingOff" ? "off" : "lost", error.message);
      this.#timer = setTimeout(() => void this.#begin(), RETRY_MS);
    }
  }

  #stop(state: SourceState, detail: string): void {
    clearTimeout(this.#timer);
    if (this.#phase === "ended") return;
    this.#phase = "idle";
    this.#sink.state(state, detail);
  }

  /** A host that reports the state of the plugin makes the next retry unnecessary. */
  #setAvailable(isAvailable: boolean): void {
    if (isAvailable) void this.#begin();
    else if (this.#phase === "subscribed") {
      this.#stop("off", "");
      this.#timer = setTimeout(() => void this.#begin(), RETRY_MS);
    }
  }
}

/** @throws Error that names the fault of the file */
export async function fileSource(file: File, sink: Sink): Promise<Recording> {
  if (file.size > MAX_FILE_BYTES) {
    throw new Error(`${file.name} has ${file.size} bytes, expected ${MAX_FILE_BYTES} at most`);
  }
  const recording = readRecording(await file.text(), file.name);
  sink.begin(undefined, recording.startedAt);
  sink.entries(recording.entries);
  sink.state("file", file.name);
  return recording;
}

function isAvailable({ plugin, settings }: Readonly<Record<string, unknown>>): boolean {
  return isRecord(plugin) && plugin.state === "ready" && isRecord(settings) && settings.debugging === true;
}
