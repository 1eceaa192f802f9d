// The reference host: one plugin process and the page server that shows it. Starts the plugin as Goop² would, tells
// the pages what became of it, and leaves no process behind.

import { type DeepPartial, PROTOCOL_VERSION, RpcError, type Settings } from "../../rpc-schema/index.ts";
import type { HostLink } from "../rpc/host-link.ts";
import { HOST_RESTART, HOST_STATE, type HostState } from "../ui/host-messages.ts";
import type { HostCarrier } from "./carrier.ts";
import { carrySignals, type SignalCarriage } from "./carry-signals.ts";
import { createPageRelay, type PageRelay } from "./page-relay.ts";
import { startPageServer } from "./page-server.ts";
import {
  type LeaveTimeouts,
  ownPlugin,
  type PluginCommand,
  type PluginExit,
  type PluginProcess,
  startPlugin,
} from "./plugin-process.ts";

export type { LeaveTimeouts, PluginCommand, PluginExit } from "./plugin-process.ts";

/** Loading the WebRTC engine and libp2p takes under a second; a slow disk or a busy machine gets much more. */
const INITIALIZE_TIMEOUT_MS = 30_000;

/** One person's side of the reference host. */
export interface HostOptions {
  /** How the user is called at the other side. */
  readonly label: string;
  readonly settings?: DeepPartial<Settings>;
  /** Absolute path; without it the plugin's key lives in memory only. */
  readonly dataDir?: string;
  /** Without it, this package's own program. */
  readonly pluginCommand?: PluginCommand;
  /** The plugin's whole environment; without it, this process's. */
  readonly env?: NodeJS.ProcessEnv;
  /** The host's own way to peers. Without it the plugin runs a node itself. Whoever made it closes it, after `stop`. */
  readonly carrier?: HostCarrier;
  /** For the page; 0 or none takes a free one. */
  readonly port?: number;
  /** How long the plugin may take to leave before it is killed. */
  readonly leaveTimeouts?: LeaveTimeouts;
  /** Every line of the plugin's stderr, and the host's own remarks. */
  readonly onLog?: (line: string) => void;
}

/** Runs until `stop`, also when its plugin dies: a page may ask for a new one. */
export interface Host {
  /** What a browser opens. */
  readonly url: string;
  /** Part of `url`; a page without it is not let in. */
  readonly token: string;
  readonly port: number;
  /** The running plugin; after a restart another one. @throws Error when none is running */
  readonly plugin: HostLink;
  /** Undefined when none is running. */
  readonly pid: number | undefined;
  /** What the pages are shown. */
  readonly state: HostState;
  /** Changes settings as a page would, and tells the pages. @throws RpcError or HostLinkError */
  updateSettings(settings: DeepPartial<Settings>): Promise<void>;
  /** Ends the plugin and the page server. Idempotent. @returns how the plugin ended */
  stop(): Promise<PluginExit | undefined>;
}

/** Resolves when the plugin has answered `initialize` and was told `initialized`. @throws when it does not come up */
export async function startHost(options: HostOptions): Promise<Host> {
  const host = new ReferenceHost(options);
  try {
    await host.start();
    return host;
  } catch (error) {
    await host.stop();
    throw error;
  }
}

class ReferenceHost implements Host {
  readonly #options: HostOptions;
  readonly #relay: PageRelay;
  readonly #log: (line: string) => void;
  #server: Awaited<ReturnType<typeof startPageServer>> | undefined;
  #process: PluginProcess | undefined;
  #carriage: SignalCarriage | undefined;
  #restarting: Promise<void> | undefined;
  #stopping: Promise<PluginExit | undefined> | undefined;
  state: HostState;

  constructor(options: HostOptions) {
    this.#options = options;
    this.#log = options.onLog ?? (() => undefined);
    this.state = { label: options.label, plugin: { state: "starting" } };
    this.#relay = createPageRelay({
      plugin: () => (this.state.plugin.state === "ready" ? this.#process?.link : undefined),
      hostMethods: new Map([[HOST_RESTART, () => this.#restart()]]),
      onResult: (method, result) => {
        if (method === "settings.update") this.#settingsChanged(result);
      },
      log: this.#log,
    });
  }

  get url(): string {
    return this.#running().url;
  }

  get token(): string {
    return this.#running().token;
  }

  get port(): number {
    return this.#running().port;
  }

  get plugin(): HostLink {
    if (!this.#process) throw new Error("the plugin is not running");
    return this.#process.link;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  async start(): Promise<void> {
    this.#server = await startPageServer(this.#options.port ?? 0, (socket) =>
      this.#relay.addPage(socket, this.#stateMessage()),
    );
    await this.#startPlugin();
  }

  async updateSettings(change: DeepPartial<Settings>): Promise<void> {
    const { settings } = await this.plugin.request("settings.update", { settings: change });
    this.#tell({ settings });
  }

  stop(): Promise<PluginExit | undefined> {
    this.#stopping ??= this.#end();
    return this.#stopping;
  }

  #running() {
    if (!this.#server) throw new Error("the page server is not running");
    return this.#server;
  }

  async #end(): Promise<PluginExit | undefined> {
    const exit = await this.#process?.stop();
    await this.#carriage?.end();
    await this.#server?.close();
    return exit;
  }

  async #startPlugin(): Promise<void> {
    this.#tell({ plugin: { state: "starting" }, signalling: undefined });
    const plugin = startPlugin(
      this.#options.pluginCommand ?? ownPlugin(),
      this.#options.env,
      this.#log,
      this.#options.leaveTimeouts,
    );
    this.#process = plugin;
    const { carrier } = this.#options;
    const carriage = carrier && carrySignals(plugin.link, carrier, this.#log);
    this.#carriage = carriage;
    void plugin.exited.then(() => carriage?.end());
    this.#relay.attach(plugin.link);
    plugin.link.onNotification("signalling.changed", (signalling) => this.#tell({ signalling }));
    void plugin.exited.then((exit) => this.#pluginGone(plugin, exit));
    const { label, dataDir } = this.#options;
    const started = plugin.link.request(
      "initialize",
      {
        protocolVersion: PROTOCOL_VERSION,
        host: { name: "reference-host" },
        identity: { label },
        ...(dataDir === undefined ? {} : { dataDir }),
        ...(carrier ? { carrier: { selfId: carrier.selfId } } : {}),
        settings: this.state.settings ?? this.#options.settings ?? {},
      },
      { timeoutMs: INITIALIZE_TIMEOUT_MS },
    );
    const { settings } = await explained(started, plugin.exited).catch(async (error: unknown) => {
      await plugin.stop();
      throw error;
    });
    this.#tell({ settings, plugin: { state: "ready" } });
    plugin.link.notify("initialized", {});
    carriage?.begin();
  }

  #restart(): Promise<null> {
    if (this.#stopping) return Promise.reject(new RpcError("shuttingDown", "the host is leaving"));
    if (this.state.plugin.state !== "stopped") return Promise.resolve(null);
    this.#restarting ??= this.#startPlugin().finally(() => {
      this.#restarting = undefined;
    });
    return this.#restarting.then(() => null);
  }

  #pluginGone(gone: PluginProcess, { why, lastLine }: PluginExit): void {
    if (this.#process !== gone) return;
    this.#process = undefined;
    this.#relay.detach();
    this.#tell({ plugin: { state: "stopped", why, lastLine: readable(lastLine) }, signalling: undefined });
  }

  #settingsChanged(result: unknown): void {
    if (typeof result === "object" && result !== null && "settings" in result) {
      this.#tell({ settings: result.settings as Settings });
    }
  }

  #tell(change: Partial<HostState>): void {
    this.state = { ...this.state, ...change };
    this.#relay.broadcast(this.#stateMessage());
  }

  #stateMessage(): string {
    return JSON.stringify({ jsonrpc: "2.0", method: HOST_STATE, params: this.state });
  }
}

/** A plugin that dies before it answered is explained by how it died, not by the closed pipe. */
async function explained<T>(answer: Promise<T>, exited: Promise<PluginExit>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (
      error instanceof RpcError ||
      !(error instanceof Error) ||
      !("code" in error) ||
      error.code !== "closed"
    ) {
      throw error;
    }
    const { why, lastLine } = await exited;
    throw new Error(`the plugin did not start: ${why}; its last line: ${lastLine || "none"}`, {
      cause: error,
    });
  }
}

/** The plugin logs JSON lines; people are shown their message. */
function readable(line: string): string {
  if (!line.startsWith("{")) return line;
  try {
    const entry: unknown = JSON.parse(line);
    if (typeof entry === "object" && entry !== null && "message" in entry) return String(entry.message);
  } catch {
    // Not one of the plugin's own lines after all: shown as it is.
  }
  return line;
}
