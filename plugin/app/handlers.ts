// One handler for each method of the contract: checks that it fits the moment, then sends the charts an event or asks
// a part. Every refusal is an error with a code of its own.

import {
  commonVersion,
  offeredVersions,
  type Params,
  PLUGIN_CAPABILITIES,
  PROTOCOL_VERSIONS,
  type Result,
  RpcError,
} from "../../rpc-schema/index.ts";
import { decideMode } from "../../statecharts/index.ts";
import type { Handlers, HostNotificationHandlers } from "../rpc/dispatcher.ts";
import { createCallHandlers, type Serving } from "./call-handlers.ts";
import { collectDiagnostics } from "./collect-diagnostics.ts";
import { followDiagnostics, type Plugin } from "./plugin.ts";

/**
 * Each handler throws RpcError for what the contract lists as its method's errors; the dispatcher makes
 * answers of them.
 */
export function createHandlers(plugin: Plugin): Handlers {
  const { signalling } = plugin;

  /** Every method but initialize asks this first. */
  const serving: Serving = (handler) => (params) => {
    requireServing(plugin);
    return handler(params);
  };

  return {
    initialize: (params) => initialize(plugin, params),
    shutdown: serving(async () => {
      plugin.attach.send({ type: "host.shutdown" });
      await reached(plugin, "stopped");
      return null;
    }),
    "settings.update": serving(({ settings }) => plugin.changeSettings(settings)),
    "contacts.list": serving(() => ({ contacts: signalling.contacts() })),
    "contacts.add": serving(({ address }) => signalling.addContact(address)),
    ...createCallHandlers(plugin, serving),
    "charts.list": serving(() => plugin.charts.list()),
    "charts.subscribe": serving(() => plugin.charts.subscribe()),
    "debug.bundle": serving(({ masked }) => collectDiagnostics(plugin, masked)),
    "charts.unsubscribe": serving(() => {
      plugin.charts.unsubscribe();
      return null;
    }),
    "signal.deliver": serving(({ from, topic, payload }) => {
      const carried = signalling.hostRelayed();
      if (!carried) throw new RpcError("notCarried", "this plugin runs a node of its own");
      carried.deliver(from, topic, payload);
      return null;
    }),
  };
}

/** A notification has no answer: what is out of turn is logged or ignored, never thrown. */
export function createNotificationHandlers({
  attach,
  frames,
  signalling,
  log,
}: Plugin): HostNotificationHandlers {
  return {
    initialized() {
      if (attach.getSnapshot().can({ type: "host.initialized" })) attach.send({ type: "host.initialized" });
      else log("warn", "`initialized` came out of turn and was ignored");
    },
    exit: () => attach.send({ type: "host.exit" }),
    "contacts.set"({ contacts }) {
      const carried = signalling.hostRelayed();
      if (carried) carried.setContacts(contacts);
      else
        log("warn", "`contacts.set` was ignored: the host carries no signals, or has not said `initialized`");
    },
    "frames.ack": ({ stream, seq }) => frames.acknowledge(stream, seq),
  };
}

/** Checks the version first, then the turn, then the settings; nothing has changed when it throws. */
function initialize(plugin: Plugin, params: Params<"initialize">): Result<"initialize"> {
  const protocolVersion = agreeOnVersion(params);
  if (!plugin.attach.getSnapshot().can({ type: "host.initialize" })) {
    throw new RpcError("alreadyInitialized", "`initialize` was answered before");
  }
  plugin.abilities = { ...plugin.abilities, webviewCanCall: params.host.webviewCanCall };
  const { settings } = plugin.changeSettings(params.settings ?? {});
  plugin.mode = decideMode(settings.mode, plugin.abilities);
  plugin.identity = params;
  followDiagnostics(plugin);
  plugin.attach.send({ type: "host.initialize" });
  return {
    protocolVersion,
    // A host of version 1 refuses fields that it does not know.
    ...(protocolVersion === 1 ? {} : { capabilities: [...PLUGIN_CAPABILITIES] }),
    plugin: { name: "goop-call-plugin", version: plugin.version },
    mode: plugin.mode,
    settings,
  };
}

/** @throws RpcError unsupportedProtocolVersion when host and plugin have no version in common */
function agreeOnVersion(params: Params<"initialize">): number {
  const version = commonVersion(params);
  if (version !== null) return version;
  const [offered, spoken] = [offeredVersions(params).join(", "), PROTOCOL_VERSIONS.join(", ")];
  const field = params.protocolVersions ? "protocolVersions" : "protocolVersion";
  const message = `no common protocol version: the host speaks ${offered}, this plugin ${spoken}`;
  const issues = [{ field, value: offered, expected: `one of ${spoken}` }];
  throw new RpcError("unsupportedProtocolVersion", message, { issues });
}

/** @throws RpcError notInitialized before `initialized`, shuttingDown from `shutdown` on */
function requireServing({ attach }: Plugin): void {
  const snapshot = attach.getSnapshot();
  if (snapshot.hasTag("serving")) return;
  if (snapshot.matches("awaitingInitialize")) {
    throw new RpcError("notInitialized", "the first request has to be `initialize`");
  }
  throw new RpcError("shuttingDown", "the plugin is shutting down");
}

/** Resolves when the attach chart has the tag, or has ended. */
function reached({ attach }: Plugin, tag: "stopped"): Promise<void> {
  return new Promise((resolve) => {
    const check = (snapshot: ReturnType<typeof attach.getSnapshot>) => {
      if (!snapshot.hasTag(tag) && snapshot.status === "active") return;
      subscription.unsubscribe();
      resolve();
    };
    const subscription = attach.subscribe({ next: check, complete: resolve });
  });
}
