// The reference host: one plugin process and the page server that shows it. Starts the plugin as Goop² would, tells
// the pages what became of it, and leaves no process behind.

import type { WebSocket } from "ws";
import {
  type DeepPartial,
  type FrameDelivery,
  type Manifest,
  type Result,
  RpcError,
  type Settings,
} from "../../rpc-schema/index.ts";
import { errorText } from "../common/error-text.ts";
import { isRecord } from "../common/is-record.ts";
import {
  HOST_CHANGE_SETTINGS,
  HOST_RESTART,
  HOST_SETTINGS,
  HOST_STATE,
  type HostState,
} from "../http/page-messages.ts";
import type { PageFile } from "../http/pages.ts";
import { type HostLink, type InitializeParams, initializePlugin } from "../rpc/host-link.ts";
import { CALL_API_PREFIX, type CallApi, createCallApi } from "./goop-api/call-api.ts";
import { createPageRelay, type HostMethod, type PageRelay } from "./page/page-relay.ts";
import { startPageServer } from "./page/page-server.ts";
import { CallRescue, type Rescue } from "./process/call-rescue.ts";
import { platformIssue, readManifest, startCommandOf } from "./process/manifest-file.ts";
import {
  type LeaveTimeouts,
  ownPlugin,
  type PluginCommand,
  type PluginExit,
  type PluginProcess,
  startPlugin,
} from "./process/plugin-process.ts";
import { SettingsController, withoutRefused } from "./settings/settings-controller.ts";
import { openStoredSettings, type StoredSettings } from "./settings/stored-settings.ts";
import type { HostTransport } from "./transport/host-transport.ts";
import { type RelayedCall, relaySignals, type SignalRelay } from "./transport/relay-signals.ts";

export type { LeaveTimeouts, PluginCommand, PluginExit } from "./process/plugin-process.ts";

/** Loading the WebRTC engine and libp2p takes under a second; a slow disk or a busy machine gets much more. */
const INITIALIZE_TIMEOUT_MS = 30_000;

/** One person's side of the reference host. */
export interface HostOptions {
  /** How the user is called at the other side. */
  readonly label: string;
  readonly settings?: DeepPartial<Settings>;
  /** The file in which the user's settings are kept, as the field's goop.json has them; without it, in memory only. */
  readonly settingsFile?: string;
  /** Whether this host's page can make calls itself; undefined says nothing of it. */
  readonly webviewCanCall?: boolean;
  /** Absolute path; without it the plugin's key lives in memory only. */
  readonly dataDir?: string;
  /** Without it, this package's own program. */
  readonly pluginCommand?: PluginCommand;
  /** The plugin's whole environment; without it, this process's. */
  readonly env?: NodeJS.ProcessEnv;
  /** The host's own way to peers. Without it the plugin runs a node itself. Whoever made it closes it, after `stop`. */
  readonly transport?: HostTransport;
  /** For the page; 0 or none takes a free one. */
  readonly port?: number;
  /** How the call page takes its pictures; without it, stdio: data URLs over the page's own socket. */
  readonly pictures?: FrameDelivery;
  /** Further files to serve beside the call page: URL path → file. */
  readonly files?: ReadonlyMap<string, PageFile>;
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
  const log = options.onLog ?? (() => undefined);
  const kept = await openStoredSettings(options.settingsFile, log);
  const host = new ReferenceHost(options, await readManifest(), kept);
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
  readonly #api: CallApi;
  readonly #log: (line: string) => void;
  #server: Awaited<ReturnType<typeof startPageServer>> | undefined;
  #process: PluginProcess | undefined;
  #carriage: SignalRelay | undefined;
  #restarting: Promise<void> | undefined;
  #stopping: Promise<PluginExit | undefined> | undefined;
  readonly #manifest: Manifest;
  readonly #settings: SettingsController;
  readonly #rescue = new CallRescue();
  state: HostState;

  constructor(options: HostOptions, manifest: Manifest, kept: StoredSettings) {
    this.#options = options;
    this.#log = options.onLog ?? (() => undefined);
    this.#manifest = manifest;
    const misfit = platformIssue(manifest, `${process.platform}-${process.arch}`);
    if (misfit !== null) this.#log(`host: ${misfit}`);
    this.#settings = new SettingsController({
      manifest,
      settings: kept,
      plugin: () => (this.state.plugin.state === "ready" ? this.#process?.link : undefined),
      setEnabled: (isEnabled) => this.#setEnabled(isEnabled),
      onChange: (change) => this.#tell(change),
      log: this.#log,
    });
    const { label, pictures } = options;
    this.state = { label, plugin: { state: "starting" }, ...(pictures ? { pictures } : {}) };
    const plugin = () => (this.state.plugin.state === "ready" ? this.#process?.link : undefined);
    const origin = () => originsOf(this.port)[0];
    this.#api = createCallApi({ plugin, mode: () => this.state.mode, origin });
    this.#relay = createPageRelay({
      plugin,
      hostMethods: new Map<string, HostMethod>([
        [HOST_RESTART, () => this.#restart()],
        [HOST_SETTINGS, async () => this.#settings.describe()],
        [HOST_CHANGE_SETTINGS, ({ values }) => this.#settings.change(isRecord(values) ? values : {})],
      ]),
      onResult: (method, params, result) => {
        if (method === "settings.update") this.#settingsChanged(params, result);
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
    const { port = 0, files } = this.#options;
    const api = { prefix: CALL_API_PREFIX, answer: this.#api.answer.bind(this.#api) };
    const addPage = (socket: WebSocket) => this.#relay.addPage(socket, this.#stateMessage());
    this.#server = await startPageServer(port, addPage, { files, api });
    if (this.#settings.isEnabled) await this.#startPlugin();
    else this.#tell({ plugin: { state: "off" } });
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
    const exit = await this.#stopPlugin();
    await this.#carriage?.end();
    await this.#server?.close();
    return exit;
  }

  /** On purpose, so that nobody starts another for its calls. */
  #stopPlugin(): Promise<PluginExit> | undefined {
    this.#rescue.forget();
    return this.#process?.stop();
  }

  /** @param rescue what the plugin is to go on with, and the calls that are carried for it already */
  async #startPlugin(rescue?: Rescue, taken: readonly RelayedCall[] = []): Promise<void> {
    this.#tell({
      plugin: { state: "starting", ...(rescue ? { resumes: rescue.callId } : {}) },
      signalling: undefined,
      availability: undefined,
      restartNeeded: [],
    });
    const plugin = startPlugin(
      this.#options.pluginCommand ?? ownCommand(this.#manifest),
      this.#options.env,
      this.#log,
      this.#options.leaveTimeouts,
    );
    this.#process = plugin;
    const { transport } = this.#options;
    const carriage = transport && relaySignals(plugin.link, transport, this.#log, taken);
    this.#carriage = carriage;
    this.#rescue.attach(plugin.link);
    this.#relay.attach(plugin.link);
    this.#api.attach(plugin.link);
    plugin.link.onNotification("signalling.changed", (signalling) => this.#tell({ signalling }));
    plugin.link.onNotification("availability.changed", (availability) => this.#tell({ availability }));
    void plugin.exited.then((exit) => this.#pluginGone(plugin, exit));
    const { label, dataDir, webviewCanCall } = this.#options;
    const started = initializeWith(
      plugin.link,
      {
        host: { name: "reference-host", ...(webviewCanCall === undefined ? {} : { webviewCanCall }) },
        identity: { label },
        pageOrigins: [...originsOf(this.port)],
        ...(dataDir === undefined ? {} : { dataDir }),
        ...(transport ? { carrier: { selfId: transport.selfId } } : {}),
        settings: { ...(this.state.settings ?? this.#options.settings), ...this.#settings.initial() },
        ...(rescue ? { resume: rescue.snapshot } : {}),
      },
      this.#log,
    );
    const { settings, mode } = await explained(started, plugin.exited).catch(async (error: unknown) => {
      await plugin.stop();
      throw error;
    });
    this.#tell({ settings, mode, plugin: { state: "ready" } });
    plugin.link.notify("initialized", {});
    this.#settings.attach(plugin.link);
    carriage?.begin();
  }

  #restart(): Promise<null> {
    if (this.#stopping) return Promise.reject(new RpcError("shuttingDown", "the host is leaving"));
    const isWaitedFor = this.state.plugin.state === "stopped" || (this.state.restartNeeded ?? []).length > 0;
    if (!isWaitedFor || !this.#settings.isEnabled) return Promise.resolve(null);
    this.#restarting ??= this.#startAnew().finally(() => {
      this.#restarting = undefined;
    });
    return this.#restarting.then(() => null);
  }

  /** A plugin that still runs makes way. */
  async #startAnew(): Promise<void> {
    await this.#stopPlugin();
    await this.#startPlugin();
  }

  async #setEnabled(isEnabled: boolean): Promise<void> {
    if (!isEnabled) await this.#stopPlugin();
    else if (!this.#process && !this.#stopping) await this.#startPlugin();
  }

  #pluginGone(gone: PluginProcess, exit: PluginExit): void {
    if (this.#process !== gone) return;
    this.#process = undefined;
    this.#relay.detach();
    const rescue = this.#stopping ? null : this.#rescue.pluginDied();
    const taken = rescue ? (this.#carriage?.handOver(rescue.callId) ?? []) : [];
    void this.#carriage?.end();
    if (rescue) void this.#goOn(rescue, taken, exit);
    else this.#tellStopped(exit);
  }

  /** The user is in a call and does not know of processes. */
  async #goOn(rescue: Rescue, taken: readonly RelayedCall[], exit: PluginExit): Promise<void> {
    this.#log(`host: the plugin died in a call: ${exit.why}; another goes on with it`);
    try {
      await this.#startPlugin(rescue, taken);
    } catch (error) {
      this.#log(`host: the call is lost: ${errorText(error)}`);
      if (!this.#process) this.#tellStopped(exit);
    }
  }

  #tellStopped({ why, lastLine }: PluginExit): void {
    const stopped = { state: "stopped", why, lastLine: readable(lastLine) } as const;
    const plugin = this.#settings.isEnabled ? stopped : ({ state: "off" } as const);
    this.#tell({ plugin, signalling: undefined, availability: undefined });
  }

  #settingsChanged(params: unknown, result: unknown): void {
    if (!isRecord(result)) return;
    this.#settings.storePluginChange(params, Array.isArray(result.restartNeeded) ? result.restartNeeded : []);
    const { restartNeeded } = this.#settings.describe();
    this.#tell({ settings: result.settings as Settings, restartNeeded });
  }

  #tell(change: Partial<HostState>): void {
    this.state = { ...this.state, ...change };
    this.#relay.broadcast(this.#stateMessage());
  }

  #stateMessage(): string {
    return JSON.stringify({ jsonrpc: "2.0", method: HOST_STATE, params: this.state });
  }
}

/** A browser may know this machine by either name. */
function originsOf(port: number): readonly [string, string] {
  return [`http://127.0.0.1:${port}`, `http://localhost:${port}`];
}

/** A stored setting that the plugin refuses must not keep it from starting: the others count, and it is said. */
async function initializeWith(
  link: HostLink,
  params: InitializeParams,
  log: (line: string) => void,
): Promise<Result<"initialize">> {
  const limit = { timeoutMs: INITIALIZE_TIMEOUT_MS };
  try {
    return await initializePlugin(link, params, limit);
  } catch (error) {
    const settings = withoutRefused(params.settings ?? {}, error);
    if (settings === null) throw error;
    log(`host: started without what the plugin refused: ${error instanceof Error ? error.message : error}`);
    return initializePlugin(link, { ...params, settings }, limit);
  }
}

/** As the manifest says; from the sources, the sources' own program. */
function ownCommand(manifest: Manifest): PluginCommand {
  return import.meta.url.endsWith(".ts") ? ownPlugin() : startCommandOf(manifest);
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
