// Where entries come from: a running plugin over its host's WebSocket, or a file. Both give the same to the same sink.

import type { ChartDescription, ChartLogEntry } from "../../rpc-schema/index.ts";
import { type Recording, readRecording } from "./model/read-file.ts";
import { isRecord, Rpc, RpcFailure } from "./rpc.ts";

/** Whether the setting was switched on is asked so often; a host that tells its settings is quicker. */
const ASK_AGAIN_MS = 2_000;
/** A subprotocol of the host's, and the one that carries the session's token. */
const PAGE_PROTOCOL = "goop-call.v1";
const TOKEN_PROTOCOL_PREFIX = "token.";
const MAX_FILE_BYTES = 64 * 1024 * 1024;

/** How a source is doing. off: the plugin does not let itself be watched. */
export type SourceState = "connecting" | "live" | "off" | "lost" | "file";

export interface Sink {
  /** What came before is over. @param charts undefined where the source has none of its own */
  begin(charts: readonly ChartDescription[] | undefined, startedAt: number | undefined): void;
  entries(entries: readonly ChartLogEntry[]): void;
  state(state: SourceState, detail: string): void;
}

export interface Source {
  end(): void;
}

/** Reads `#token=…` and, from a server of another kind, `&ws=ws://127.0.0.1:PORT/…`. */
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
  #phase: "idle" | "asking" | "watching" | "ended" = "idle";

  constructor(address: { url: string; protocols: string[] }, sink: Sink) {
    this.#sink = sink;
    sink.state("connecting", address.url);
    this.#rpc = new Rpc({
      ...address,
      onOpen: () => void this.#begin(),
      onClose: () => this.#stop("lost", "The connection to the host is lost; it is sought again."),
      onNotification: (method, params) => {
        if (method === "host.state") this.#heed(isWatchable(params));
        if (method !== "charts.recorded" || this.#phase !== "watching") return;
        sink.entries(params.entries as ChartLogEntry[]);
      },
    });
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#phase = "ended";
    const close = () => this.#rpc.close();
    // The last viewer's leave ends the recording; a host that sees the socket close does it as well.
    void this.#rpc.request("charts.unsubscribe").then(close, close);
  }

  async #begin(): Promise<void> {
    if (this.#phase !== "idle") return;
    clearTimeout(this.#timer);
    this.#phase = "asking";
    try {
      const listed = await this.#rpc.request("charts.list");
      const answer = await this.#rpc.request("charts.subscribe");
      // Nothing can come between the answer and this line: a message has a turn of its own.
      if (this.#phase !== "asking") return;
      this.#phase = "watching";
      const charts = isRecord(listed) && Array.isArray(listed.charts) ? listed.charts : [];
      this.#sink.begin(charts as ChartDescription[], isRecord(answer) ? Number(answer.startedAt) : undefined);
      this.#sink.state("live", "");
    } catch (error) {
      if (!(error instanceof RpcFailure)) throw error;
      if (this.#phase !== "asking" || error.kind === "disconnected") return;
      this.#stop(error.kind === "debuggingOff" ? "off" : "lost", error.message);
      this.#timer = setTimeout(() => void this.#begin(), ASK_AGAIN_MS);
    }
  }

  #stop(state: SourceState, detail: string): void {
    clearTimeout(this.#timer);
    if (this.#phase === "ended") return;
    this.#phase = "idle";
    this.#sink.state(state, detail);
  }

  /** Hosts that tell how the plugin is spare the wait until it is asked again. */
  #heed(watchable: boolean): void {
    if (watchable) void this.#begin();
    else if (this.#phase === "watching") {
      this.#stop("off", "");
      this.#timer = setTimeout(() => void this.#begin(), ASK_AGAIN_MS);
    }
  }
}

/** @throws Error saying what is wrong with the file */
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

function isWatchable({ plugin, settings }: Readonly<Record<string, unknown>>): boolean {
  return isRecord(plugin) && plugin.state === "ready" && isRecord(settings) && settings.debugging === true;
}
