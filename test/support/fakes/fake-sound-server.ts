// A sound server's reports without a server, for SoundServer and what follows it.
//
//     const engine = new FakeSoundServer(serverState({ sources: [serverDevice("mic")], defaultSource: "mic" }));
//     engine.change({ what: "source", how: "remove", index: 1 })      followers get the change; a state must follow
//     engine.publish(serverState({ … }))                              …with this; it includes all changes so far
//     engine.end("Connection refused")                                the server has gone; engine.state = null keeps it away

import type {
  ServerChange,
  ServerDevice,
  ServerState,
  ServerStream,
  SoundServerCallbacks,
} from "../../../native/sound-server.ts";
import type { SoundServerEngine } from "../../../plugin/sound/server/sound-server.ts";

export function serverDevice(name: string, device: Partial<ServerDevice> = {}): ServerDevice {
  return {
    index: 1,
    name,
    description: "",
    monitorOf: "",
    driver: "",
    deviceClass: "",
    formFactor: "",
    bus: "",
    alsaCard: "",
    alsaCardName: "",
    alsaName: "",
    state: "idle",
    isMuted: false,
    volume: 100,
    port: "",
    portAvailable: "",
    ...device,
  };
}

export function serverState(state: Partial<ServerState> = {}): ServerState {
  return {
    through: 0,
    serverName: "fake",
    defaultSink: "",
    defaultSource: "",
    sinks: [],
    sources: [],
    streams: [],
    alsaCards: [],
    ...state,
  };
}

export function recordingStream(stream: Partial<ServerStream> = {}): ServerStream {
  return { index: 7, device: 1, token: "t", isPlayback: false, isMuted: false, volume: 100, ...stream };
}

export class FakeSoundServer implements SoundServerEngine {
  /** Reported to new connections; null: there is no server. */
  state: ServerState | null;
  /** The connections that were opened. */
  opened = 0;
  readonly #open = new Set<SoundServerCallbacks>();
  #changes = 0;

  constructor(state: ServerState | null) {
    this.state = state;
  }

  openSoundServer(_options: object, callbacks: SoundServerCallbacks) {
    this.opened += 1;
    this.#open.add(callbacks);
    const answer = () => {
      if (!this.#open.has(callbacks)) return;
      if (this.state) callbacks.onState(this.state);
      else callbacks.onEnd("Connection refused");
    };
    setImmediate(answer);
    return { close: async () => void this.#open.delete(callbacks) };
  }

  /** The number of open connections. */
  get connections(): number {
    return this.#open.size;
  }

  change(change: Omit<ServerChange, "number">): void {
    this.#changes += 1;
    for (const callbacks of [...this.#open]) callbacks.onChange({ ...change, number: this.#changes });
  }

  publish(state: ServerState): void {
    this.state = { ...state, through: this.#changes };
    for (const callbacks of [...this.#open]) callbacks.onState(this.state);
  }

  end(reason: string): void {
    for (const callbacks of [...this.#open]) {
      this.#open.delete(callbacks);
      callbacks.onEnd(reason);
    }
  }
}
