// The handlers of the plugin's life: `initialize` and `shutdown`, and the check that the plugin serves requests.

import {
  commonVersion,
  offeredVersions,
  type Params,
  PLUGIN_CAPABILITIES,
  PROTOCOL_VERSIONS,
  type ProtocolVersion,
  type Result,
  RpcError,
} from "../../rpc-schema/index.ts";
import type { Handlers } from "../rpc/dispatcher.ts";
import type { DiagnosticsService } from "./diagnostics-service.ts";
import type { Attach } from "./services.ts";
import type { Session } from "./session.ts";
import type { SettingsStore } from "./settings-store.ts";

export interface LifeHandlerParts {
  readonly attach: Attach;
  readonly session: Session;
  readonly settings: Pick<SettingsStore, "change">;
  readonly diagnostics: Pick<DiagnosticsService, "start">;
  readonly version: string;
}

/** Makes a handler refuse its requests while the plugin does not serve. */
export type WhileServing = <P, R>(handler: (params: P) => Promise<R> | R) => (params: P) => Promise<R> | R;

export function createLifeHandlers(
  parts: LifeHandlerParts,
  whileServing: WhileServing,
): Pick<Handlers, "initialize" | "shutdown"> {
  const { attach } = parts;
  return {
    initialize: (params) => initialize(parts, params),
    shutdown: whileServing(async () => {
      attach.send({ type: "host.shutdown" });
      await stopped(attach);
      return null;
    }),
  };
}

/** @throws RpcError notInitialized before `initialized`, shuttingDown from `shutdown` on */
export function requireServing(attach: Attach): void {
  const snapshot = attach.getSnapshot();
  if (snapshot.hasTag("serving")) return;
  if (snapshot.matches("awaitingInitialize")) {
    throw new RpcError("notInitialized", "the first request has to be `initialize`");
  }
  throw shuttingDown();
}

/** What a request asked for was closed under it by the shutdown, which is no fault of the plugin. */
export async function refuseWhenStopped<R>(attach: Attach, result: Promise<R>): Promise<R> {
  try {
    return await result;
  } catch (error) {
    if (error instanceof RpcError || attach.getSnapshot().hasTag("serving")) throw error;
    throw shuttingDown(error);
  }
}

function shuttingDown(cause?: unknown): RpcError {
  return new RpcError("shuttingDown", "the plugin is shutting down", { cause });
}

/** Checks the version, then the state, then the settings. The settings are unchanged when it throws. */
function initialize(
  { attach, session, settings, diagnostics, version }: LifeHandlerParts,
  params: Params<"initialize">,
): Result<"initialize"> {
  const protocolVersion = agreeOnVersion(params);
  if (!attach.getSnapshot().can({ type: "host.initialize" })) {
    throw new RpcError("alreadyInitialized", "`initialize` was answered before");
  }
  session.setWebview(params.host.webviewCanCall);
  const { settings: inForce } = settings.change(params.settings ?? {});
  const mode = session.begin(params, inForce.mode);
  diagnostics.start(params);
  attach.send({ type: "host.initialize" });
  return {
    protocolVersion,
    // A host of version 1 refuses fields that it does not know.
    ...(protocolVersion === 1 ? {} : { capabilities: [...PLUGIN_CAPABILITIES] }),
    plugin: { name: "goop-call-plugin", version },
    mode,
    settings: inForce,
  };
}

/** @throws RpcError unsupportedProtocolVersion when host and plugin have no version in common */
function agreeOnVersion(params: Params<"initialize">): ProtocolVersion {
  const version = commonVersion(params);
  if (version !== null) return version;
  const [offered, spoken] = [offeredVersions(params).join(", "), PROTOCOL_VERSIONS.join(", ")];
  const field = params.protocolVersions ? "protocolVersions" : "protocolVersion";
  const message = `no common protocol version: the host speaks ${offered}, this plugin ${spoken}`;
  const issues = [{ field, value: offered, expected: `one of ${spoken}` }];
  throw new RpcError("unsupportedProtocolVersion", message, { issues });
}

/** Resolves when the services are stopped, or the attach chart has ended. */
function stopped(attach: Attach): Promise<void> {
  return new Promise((resolve) => {
    const check = (snapshot: ReturnType<Attach["getSnapshot"]>) => {
      if (!snapshot.hasTag("stopped") && snapshot.status === "active") return;
      subscription.unsubscribe();
      resolve();
    };
    const subscription = attach.subscribe({ next: check, complete: resolve });
  });
}
