// The reference host: starts one plugin process as Goop² would, serves its pages, and leaves no process behind.

import type { IncomingMessage, ServerResponse } from "node:http";
import type { WebSocket } from "ws";
import {
  type DeepPartial,
  type FrameDelivery,
  type Manifest,
  RpcError,
  type Settings,
} from "../../rpc-schema/index.ts";
import { isRecord } from "../../rpc-schema/is-record.ts";
import { errorText } from "../common/error-text.ts";
import { logPageRefusals, type RefusalLog } from "../common/refusal-log.ts";
import type { TurnedAway } from "../common/refusals.ts";
import { HOST_CHANGE_SETTINGS, HOST_RESTART, HOST_SETTINGS, type HostState } from "../http/page-messages.ts";
import type { PageFile } from "../http/pages.ts";
import type { HostLink, InitializeParams } from "../rpc/host-link.ts";
import { CALL_API_PREFIX, type CallApi, createCallApi } from "./goop-api/call-api.ts";
import { HostStatePublisher } from "./page/host-state.ts";
import { createPageRelay, type HostMethod, type PageRelay } from "./page/page-relay.ts";
import { startPageServer } from "./page/page-server.ts";
import { CallRescue, type Rescue } from "./process/call-rescue.ts";
import { platformIssue, readManifest } from "./process/manifest-file.ts";
import {
  type LeaveTimeouts,
  type PluginCommand,
  type PluginExit,
  type PluginProcess,
  startPlugin,
} from "./process/plugin-process.ts";
import { initializeProcess, ownCommand } from "./process/plugin-start.ts";
import { SettingsController } from "./settings/settings-controller.ts";
import { openStoredSettings, type StoredSettings } from "./settings/stored-settings.ts";
import type { HostTransport } from "./transport/host-transport.ts";
import { type RelayedCall, relaySignals, type SignalRelay } from "./transport/relay-signals.ts";

export type { LeaveTimeouts, PluginCommand, PluginExit } from "./process/plugin-process.ts";

/** One user's side of the reference host. */
export interface HostOptions {
  /** The user's name, as others see it. */
  readonly label: string;
  readonly settings?: DeepPartial<Settings>;
  /** The file that keeps the user's settings, in the format of Goop²'s goop.json. Without it, they are kept in memory. */
  readonly settingsFile?: string;
  /** Whether this host's page can make calls itself. Undefined leaves it open. */
  readonly webviewCanCall?: boolean;
  /** Absolute path. Without it, the plugin's key is kept in memory. */
  readonly dataDir?: string;
  /** Without it, this package's own program. */
  readonly pluginCommand?: PluginCommand;
  /** The plugin's whole environment. Without it, this process's. */
  readonly env?: NodeJS.ProcessEnv;
  /** The host's own transport. Without it, the plugin runs a node. The caller closes it after `stop`. */
  readonly transport?: HostTransport;
  /** The page's port. 0 or none takes a free one. */
  readonly port?: number;
  /** How the call page receives frames. Without it, as data URLs over the page's own socket. With `auto` the page chooses. */
  readonly pictures?: FrameDelivery | "auto";
  /** Origins of further pages that show this host's calls, beside its own page. */
  readonly pageOrigins?: readonly string[];
  /** Further files to serve beside the call page: URL path → file. */
  readonly files?: ReadonlyMap<string, PageFile>;
  /** How long the plugin may take to leave before it is killed. */
  readonly leaveTimeouts?: LeaveTimeouts;
  /** Receives every line of the plugin's stderr, and the host's own log lines. */
  readonly onLog?: (line: string) => void;
}

/** Runs until `stop`, also after its plugin has died: a page may start another. */
export interface Host {
  /** The address to open in a browser. */
  readonly url: string;
  /** The secret in `url`. A page without it is refused. */
  readonly token: string;
  readonly port: number;
  /** The running plugin. A restart replaces it. @throws Error when none is running */
  readonly plugin: HostLink;
  /** Undefined when no plugin is running. */
  readonly pid: number | undefined;
  /** The state that the pages show. */
  readonly state: HostState;
  /** Changes settings as a page would, and updates the pages. @throws RpcError or HostLinkError */
  updateSettings(settings: DeepPartial<Settings>): Promise<void>;
  /** Connects a page of another server of this process, which has checked its access. */
  addPage(socket: WebSocket): void;
  /** Answers a request below `/api/call/` for another server of this process, which has checked its access. */
  answerCallApi(request: IncomingMessage, response: ServerResponse): void;
  /** By the page server. */
  turnedAway(): TurnedAway;
  /** Ends the plugin and the page server. Idempotent. @returns how the plugin ended */
  stop(): Promise<PluginExit | undefined>;
}

/** Resolves when the plugin has answered `initialize` and `initialized` was sent. @throws when the plugin does not start */
export async function startHost(options: HostOptions): Promise<Host> {
  const log = options.onLog ?? (() => undefined);
  const stored = await openStoredSettings(options.settingsFile, log);
  const host = new ReferenceHost(options, await readManifest(), stored);
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
  readonly #manifest: Manifest;
  readonly #relay: PageRelay;
  readonly #api: CallApi;
  readonly #log: (line: string) => void;
  readonly #settings: SettingsController;
  readonly #pages: HostStatePublisher;
  readonly #rescue = new CallRescue();
  readonly #refusalLog: RefusalLog;
  #server: Awaited<ReturnType<typeof startPageServer>> | undefined;
  #process: PluginProcess | undefined;
  #signals: SignalRelay | undefined;
  #restarting: Promise<void> | undefined;
  #stopping: Promise<PluginExit | undefined> | undefined;

  constructor(options: HostOptions, manifest: Manifest, stored: StoredSettings) {
    this.#options = options;
    this.#log = options.onLog ?? (() => undefined);
    this.#manifest = manifest;
    this.#refusalLog = logPageRefusals(() => this.turnedAway(), this.#log);
    const issue = platformIssue(manifest, `${process.platform}-${process.arch}`);
    if (issue !== null) this.#log(`host: ${issue}`);
    const { label, pictures } = options;
    this.#pages = new HostStatePublisher(
      { label, plugin: { state: "starting" }, ...(pictures ? { pictures } : {}) },
      (message) => this.#relay.broadcast(message),
    );
    const plugin = () => (this.state.plugin.state === "ready" ? this.#process?.link : undefined);
    this.#settings = new SettingsController({
      manifest,
      settings: stored,
      plugin,
      setEnabled: (isEnabled) => this.#setEnabled(isEnabled),
      onChange: (change) => this.#pages.update(change),
      log: this.#log,
    });
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
        if (method === "settings.update") this.#onPageChangedSettings(params, result);
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

  get state(): HostState {
    return this.#pages.state;
  }

  async start(): Promise<void> {
    const { port = 0, files } = this.#options;
    const api = { prefix: CALL_API_PREFIX, answer: this.#api.answer.bind(this.#api) };
    this.#server = await startPageServer(port, (socket) => this.addPage(socket), { files, api });
    if (this.#settings.isEnabled) await this.#startPlugin();
    else this.#showStopped(null);
  }

  async updateSettings(change: DeepPartial<Settings>): Promise<void> {
    const { settings } = await this.plugin.request("settings.update", { settings: change });
    this.#pages.update({ settings });
  }

  addPage(socket: WebSocket): void {
    this.#relay.addPage(socket, this.#pages.message);
  }

  answerCallApi(request: IncomingMessage, response: ServerResponse): void {
    this.#api.answer(request, response);
  }

  turnedAway(): TurnedAway {
    return this.#server?.turnedAway() ?? { closed: 0, refused: 0 };
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
    this.#refusalLog.close();
    const exit = await this.#stopPlugin();
    await this.#signals?.end();
    await this.#server?.close();
    return exit;
  }

  /** Forgets the call to rescue, because its plugin ends on purpose. */
  #stopPlugin(): Promise<PluginExit> | undefined {
    this.#rescue.forget();
    return this.#process?.stop();
  }

  /**
   * @param rescue the call that the plugin resumes
   * @param calls the relayed calls that the plugin takes over
   */
  async #startPlugin(rescue?: Rescue, calls: readonly RelayedCall[] = []): Promise<void> {
    this.#pages.update({
      plugin: { state: "starting", ...(rescue ? { resumes: rescue.callId } : {}) },
      signalling: undefined,
      availability: undefined,
      restartNeeded: [],
    });
    const { pluginCommand, env, leaveTimeouts } = this.#options;
    const command = pluginCommand ?? ownCommand(this.#manifest);
    const plugin = startPlugin(command, env, this.#log, leaveTimeouts);
    this.#process = plugin;
    const signals = this.#attach(plugin.link, calls);
    void plugin.exited.then((exit) => this.#onPluginExit(plugin, exit));
    const { settings, mode } = await initializeProcess(plugin, this.#initializeParams(rescue), this.#log);
    this.#pages.update({ settings, mode, plugin: { state: "ready" } });
    plugin.link.notify("initialized", {});
    this.#settings.attach(plugin.link);
    signals?.begin();
  }

  #attach(link: HostLink, calls: readonly RelayedCall[]): SignalRelay | undefined {
    const { transport } = this.#options;
    this.#signals = transport && relaySignals(link, transport, this.#log, calls);
    this.#rescue.attach(link);
    this.#relay.attach(link);
    this.#api.attach(link);
    link.onNotification("signalling.changed", (signalling) => this.#pages.update({ signalling }));
    link.onNotification("availability.changed", (availability) => this.#pages.update({ availability }));
    return this.#signals;
  }

  #initializeParams(rescue: Rescue | undefined): InitializeParams {
    const { label, dataDir, webviewCanCall, transport, pageOrigins = [] } = this.#options;
    return {
      host: { name: "reference-host", ...(webviewCanCall === undefined ? {} : { webviewCanCall }) },
      identity: { label },
      pageOrigins: [...originsOf(this.port), ...pageOrigins],
      ...(dataDir === undefined ? {} : { dataDir }),
      ...(transport ? { carrier: { selfId: transport.selfId } } : {}),
      settings: { ...(this.state.settings ?? this.#options.settings), ...this.#settings.initial() },
      ...(rescue ? { resume: rescue.snapshot } : {}),
    };
  }

  /** Does nothing while the plugin runs and no setting needs a restart. */
  #restart(): Promise<null> {
    if (this.#stopping) return Promise.reject(new RpcError("shuttingDown", "the host is ending"));
    const { plugin, restartNeeded = [] } = this.state;
    const isUseful = plugin.state === "stopped" || restartNeeded.length > 0;
    if (!isUseful || !this.#settings.isEnabled) return Promise.resolve(null);
    this.#restarting ??= this.#replacePlugin().finally(() => {
      this.#restarting = undefined;
    });
    return this.#restarting.then(() => null);
  }

  async #replacePlugin(): Promise<void> {
    await this.#stopPlugin();
    await this.#startPlugin();
  }

  async #setEnabled(isEnabled: boolean): Promise<void> {
    if (!isEnabled) await this.#stopPlugin();
    else if (!this.#process && !this.#stopping) await this.#startPlugin();
  }

  #onPluginExit(plugin: PluginProcess, exit: PluginExit): void {
    if (this.#process !== plugin) return;
    this.#process = undefined;
    this.#relay.detach();
    const rescue = this.#stopping ? null : this.#rescue.pluginDied();
    const calls = rescue ? (this.#signals?.handOver(rescue.callId) ?? []) : [];
    void this.#signals?.end();
    if (rescue) void this.#resumeCall(rescue, calls, exit);
    else this.#showStopped(exit);
  }

  /** Starts another plugin without being asked, because the user is in a call. */
  async #resumeCall(rescue: Rescue, calls: readonly RelayedCall[], exit: PluginExit): Promise<void> {
    this.#log(`host: the plugin died in a call: ${exit.why}; another plugin resumes the call`);
    try {
      await this.#startPlugin(rescue, calls);
    } catch (error) {
      this.#log(`host: the call is lost: ${errorText(error)}`);
      if (!this.#process) this.#showStopped(exit);
    }
  }

  /** @param exit null when the plugin did not run */
  #showStopped(exit: PluginExit | null): void {
    if (!this.#stopping) this.#options.transport?.setAvailability(PLUGIN_GONE);
    this.#pages.showStopped(this.#settings.isEnabled ? exit : null);
  }

  #onPageChangedSettings(params: unknown, result: unknown): void {
    if (!isRecord(result)) return;
    const restartNeeded = Array.isArray(result.restartNeeded) ? result.restartNeeded : [];
    this.#settings.storePluginChange(params, restartNeeded);
    this.#pages.update({
      settings: result.settings as Settings,
      restartNeeded: this.#settings.describe().restartNeeded,
    });
  }
}

/** What peers learn while no plugin runs. */
const PLUGIN_GONE = { videoDisabled: true } as const;

/** A browser may reach this machine by either name. */
function originsOf(port: number): readonly [string, string] {
  return [`http://127.0.0.1:${port}`, `http://localhost:${port}`];
}
