// Whole plugins in memory, each with fake engines and attached to a host over an in-memory link. They share a fake network.

import type { Native } from "../../../native/index.ts";
import { createPlugin, type Plugin } from "../../../plugin/app/plugin.ts";
import { unavailableNative } from "../../../plugin/app/unavailable-native.ts";
import type { HostLink } from "../../../plugin/rpc/host-link.ts";
import { linkInMemory } from "../../../plugin/rpc/memory-pair.ts";
import {
  type ParamsInput,
  type PluginNotificationName,
  type PluginNotificationParams,
  PROTOCOL_VERSION,
  pluginNotifications,
  type SettingsInput,
} from "../../../rpc-schema/index.ts";
import type { ClosedNodes } from "../../../statecharts/index.ts";
import { createFakeNotifier } from "../desktop/fake-notifier.ts";
import { FakeCameras } from "../fakes/fake-cameras.ts";
import { createFakePeerEngine, type FakePeerEngine } from "../fakes/fake-peer-engine.ts";
import { FakeScreens } from "../fakes/fake-screens.ts";
import type { FakeSignallingNetwork } from "../fakes/fake-signalling.ts";
import { createFakeSound, type FakeSound } from "../fakes/fake-sound.ts";

export interface HostNotification {
  readonly name: PluginNotificationName;
  readonly params: unknown;
}

export class PluginBench {
  readonly host: HostLink;
  readonly plugin: Plugin;
  readonly cameras = new FakeCameras();
  readonly screens = new FakeScreens();
  readonly sound: FakeSound = createFakeSound();
  readonly engine: FakePeerEngine = createFakePeerEngine();
  readonly notifier = createFakeNotifier();
  /** Every notification except levels, in order. */
  readonly notifications: HostNotification[] = [];
  readonly logged: string[] = [];
  closedCameras: string[] = [];
  closedNodes: ClosedNodes = { paths: [], remedy: "" };
  whyNoRoom: string | null = null;
  readonly #waiting = new Set<() => void>();

  constructor(network: FakeSignallingNetwork, whyNoCalls: string | null = null, platform: string = "linux") {
    const log = (_: string, message: string) => void this.logged.push(message);
    const { host, plugin: end } = linkInMemory({
      log,
      onHostGone: () => this.plugin.attach.send({ type: "host.gone" }),
    });
    const native: Native = unavailableNative("this test has no addon");
    this.plugin = createPlugin({
      engines: {
        native,
        whyNoCalls,
        remedy: null,
        cameras: this.cameras,
        screens: this.screens,
        sound: this.sound,
        access: { closedCameras: () => this.closedCameras, closedNodes: () => this.closedNodes },
        peers: this.engine,
        whyNoRoom: () => this.whyNoRoom,
        createNotifier: (choices) => this.notifier.create(choices),
        createSignalling: ({ label }, callbacks) => network.create({ label, mdns: true }, callbacks),
      },
      end,
      logOf: () => log,
      version: "1.2.3",
      platform,
    });
    this.host = host;
    for (const name of Object.keys(pluginNotifications) as PluginNotificationName[]) {
      host.onNotification(name, (params) => {
        if (name !== "call.levels") this.notifications.push({ name, params });
        for (const check of [...this.#waiting]) check();
      });
    }
    end.serve(this.plugin.handlers, this.plugin.notificationHandlers);
  }

  initialize(settings: SettingsInput = {}, more: Partial<ParamsInput<"initialize">> = {}) {
    return this.host.request("initialize", {
      protocolVersion: PROTOCOL_VERSION,
      host: { name: "a test" },
      identity: { label: "somebody" },
      settings: settings as never,
      ...more,
    });
  }

  /** Initializes the plugin and waits until signalling is ready. @returns our peer id */
  async start(settings: SettingsInput = {}, more: Partial<ParamsInput<"initialize">> = {}): Promise<string> {
    await this.initialize(settings, more);
    this.host.notify("initialized", {});
    const { peerId } = await this.waitFor("signalling.changed", ({ state }) => state === "ready");
    return peerId ?? "";
  }

  /** Resolves with the first matching notification, received already or later. */
  waitFor<N extends PluginNotificationName>(
    name: N,
    fits: (params: PluginNotificationParams<N>) => boolean = () => true,
  ): Promise<PluginNotificationParams<N>> {
    const found = () => this.notificationsNamed(name).find(fits);
    const { promise, resolve } = Promise.withResolvers<PluginNotificationParams<N>>();
    const check = () => {
      const params = found();
      if (params === undefined) return;
      this.#waiting.delete(check);
      resolve(params);
    };
    this.#waiting.add(check);
    check();
    return promise;
  }

  notificationsNamed<N extends PluginNotificationName>(name: N): PluginNotificationParams<N>[] {
    return this.notifications.filter((one) => one.name === name).map(({ params }) => params) as never;
  }

  /** Everything that is open: devices by kind, connections as "peer". */
  open(): string[] {
    const sound = (["microphone", "speaker"] as const).flatMap((kind) =>
      this.sound.openIds(kind).map(() => kind),
    );
    const peers = this.engine.peers.filter((peer) => !peer.isClosed).map(() => "peer");
    return [...this.cameras.openNow.map(() => "camera"), ...sound, ...peers];
  }

  /** Closes the host's end, and waits for the end of the plugin. */
  async end(): Promise<void> {
    this.host.close();
    await new Promise<void>((resolve) => {
      this.plugin.attach.subscribe({ complete: resolve });
    });
  }
}
