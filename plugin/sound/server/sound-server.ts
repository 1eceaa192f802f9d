// The plugin's connection to the sound server, shared by everything that needs the server's state, and held only while
// something does. Reconnects when the server was away.

import type {
  Native,
  ServerChange,
  ServerState,
  SoundServerConnection,
  SoundServerOptions,
} from "../../../native/index.ts";
import { errorText } from "../../common/error-text.ts";
import type { Log } from "../../log.ts";
import { soundServerSocket } from "../supervision/server-monitor.ts";

export type SoundServerEngine = Pick<Native, "openSoundServer">;

export interface ServerListener {
  /** Comes before the state that includes the change. */
  onChange?(change: ServerChange): void;
  /** Null when the server has gone. */
  onState(state: ServerState | null): void;
}

/** A local server answers within a few milliseconds; one that was stopped never does. */
const ANSWER_MS = 2_000;
/** Waits before each try to connect again; the last one repeats. Each try costs a thread. */
const RETRY_MS = [300, 600, 1_200, 2_500, 5_000];

export class SoundServer {
  readonly #engine: SoundServerEngine | null;
  readonly #options: SoundServerOptions;
  readonly #log: Log;
  readonly #listeners = new Set<ServerListener>();
  #connection: SoundServerConnection | null = null;
  #state: ServerState | null = null;
  #answered = Promise.withResolvers<void>();
  #retry: NodeJS.Timeout | undefined;
  #tries = 0;
  #isClosed = false;
  readonly #closing = new Set<Promise<void>>();

  /** @param engine null: there never is a server */
  constructor(engine: SoundServerEngine | null, env: NodeJS.ProcessEnv | undefined, log: Log) {
    this.#engine = engine;
    this.#options = serverOptions(env ?? {});
    this.#log = log;
  }

  /** Null while there is no server, and before its first answer. */
  get state(): ServerState | null {
    return this.#state;
  }

  /** Keeps the connection until the returned function is called. The listener gets every later change. */
  follow(listener: ServerListener): () => void {
    // A new object for each subscription, so that one listener may subscribe twice.
    const own = { ...listener };
    this.#listeners.add(own);
    this.#connect();
    return () => {
      this.#listeners.delete(own);
      if (this.#listeners.size === 0) this.#disconnect();
    };
  }

  /** @returns the server's state; null when there is no server or it does not answer within two seconds */
  async current(): Promise<ServerState | null> {
    const stop = this.follow({ onState: ignore });
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, ANSWER_MS);
    try {
      if (this.#state === null) await Promise.race([this.#answered.promise, late.promise]);
      return this.#state;
    } finally {
      clearTimeout(timer);
      stop();
    }
  }

  /** Ends the connection and all subscriptions. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#listeners.clear();
    this.#disconnect();
    await Promise.all(this.#closing);
  }

  #connect(): void {
    if (this.#connection !== null) return;
    if (this.#engine === null || this.#isClosed) {
      this.#answered.resolve();
      return;
    }
    clearTimeout(this.#retry);
    this.#answered = Promise.withResolvers();
    try {
      const connection = this.#engine.openSoundServer(this.#options, {
        onChange: (change) => {
          if (this.#connection === connection)
            for (const listener of [...this.#listeners]) listener.onChange?.(change);
        },
        onState: (state) => {
          if (this.#connection === connection) this.#publish(state);
        },
        onEnd: (reason) => {
          if (this.#connection === connection) this.#onEnd(reason);
        },
      });
      this.#connection = connection;
    } catch (error) {
      this.#onEnd(errorText(error));
    }
  }

  #publish(state: ServerState): void {
    this.#tries = 0;
    this.#state = state;
    this.#answered.resolve();
    for (const listener of [...this.#listeners]) listener.onState(state);
  }

  #onEnd(reason: string): void {
    const wasThere = this.#state !== null;
    this.#drop();
    if (this.#tries === 0) this.#log("debug", `no connection to the sound server: ${reason}`);
    if (this.#listeners.size > 0) {
      const waitMs = RETRY_MS[Math.min(this.#tries, RETRY_MS.length - 1)];
      this.#tries += 1;
      this.#retry = setTimeout(() => this.#connect(), waitMs);
    }
    if (wasThere) for (const listener of [...this.#listeners]) listener.onState(null);
  }

  #disconnect(): void {
    clearTimeout(this.#retry);
    this.#tries = 0;
    this.#drop();
  }

  #drop(): void {
    const connection = this.#connection;
    this.#connection = null;
    this.#state = null;
    this.#answered.resolve();
    if (connection === null) return;
    const closing = connection
      .close()
      .catch((error: unknown) =>
        this.#log("error", `the connection to the sound server: ${errorText(error)}`),
      )
      .finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}

function serverOptions(env: NodeJS.ProcessEnv): SoundServerOptions {
  const socket = soundServerSocket(env);
  const server = env.PULSE_SERVER ?? (socket === null ? undefined : `unix:${socket}`);
  return { server, cookie: env.PULSE_COOKIE };
}

function ignore(): void {
  // The state is read afterwards.
}
