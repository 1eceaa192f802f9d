// The handlers of the host's requests and notifications. A request is refused by an RpcError, of which the contract lists
// the codes.

import { RpcError } from "../../rpc-schema/index.ts";
import type { AlertService } from "../alerts/alert-service.ts";
import type { Frames } from "../frames/frames.ts";
import type { Log } from "../log.ts";
import type { Handlers, HostNotificationHandlers } from "../rpc/dispatcher.ts";
import { type CallHandlerParts, createCallHandlers, createPreviewHandlers } from "./call-handlers.ts";
import type { DiagnosticsService } from "./diagnostics-service.ts";
import {
  createLifeHandlers,
  type LifeHandlerParts,
  refuseWhenStopped,
  requireServing,
  type WhileServing,
} from "./life-handlers.ts";
import type { Attach } from "./services.ts";
import type { SignallingService } from "./signalling-service.ts";

/** What the handlers of all methods need together. Each group of handlers sees its own part. */
export type HandlerParts = LifeHandlerParts &
  CallHandlerParts & {
    readonly signalling: SignallingService;
    readonly alerts: Pick<AlertService, "missed" | "see">;
    readonly diagnostics: DiagnosticsService;
  };

export function createHandlers(parts: HandlerParts): Handlers {
  const { attach, settings } = parts;
  /** Every method except `initialize` is refused while the plugin does not serve. */
  const whileServing: WhileServing = (handler) => (params) => {
    requireServing(attach);
    const result = handler(params);
    // Other answers are not delayed: their order among the notifications is part of the contract.
    return result instanceof Promise ? refuseWhenStopped(attach, result) : result;
  };
  return {
    ...createLifeHandlers(parts, whileServing),
    "settings.update": whileServing(({ settings: change }) => settings.change(change)),
    ...createCallHandlers(parts, whileServing),
    "calls.missed": whileServing(() => parts.alerts.missed()),
    "calls.seen": whileServing((params) => parts.alerts.see(params)),
    ...createPreviewHandlers(parts, whileServing),
    ...createSignallingHandlers(parts.signalling, whileServing),
    ...createDiagnosticsHandlers(parts.diagnostics, whileServing),
  };
}

function createSignallingHandlers(
  signalling: SignallingService,
  whileServing: WhileServing,
): Pick<Handlers, "contacts.list" | "contacts.add" | "signal.deliver"> {
  return {
    "contacts.list": whileServing(() => ({ contacts: signalling.contacts() })),
    "contacts.add": whileServing(({ address }) => signalling.addContact(address)),
    "signal.deliver": whileServing(({ from, topic, payload }) => {
      const hostRelayed = signalling.hostRelayed();
      if (!hostRelayed) throw new RpcError("notCarried", "this plugin runs a node of its own");
      hostRelayed.deliver(from, topic, payload);
      return null;
    }),
  };
}

function createDiagnosticsHandlers(
  { charts, bundle, refusals }: DiagnosticsService,
  whileServing: WhileServing,
): Pick<Handlers, `charts.${"list" | "subscribe" | "unsubscribe"}` | `debug.${"bundle" | "refusals"}`> {
  return {
    "charts.list": whileServing(() => charts.list()),
    "charts.subscribe": whileServing(() => charts.subscribe()),
    "charts.unsubscribe": whileServing(() => {
      charts.unsubscribe();
      return null;
    }),
    "debug.refusals": whileServing(() => ({ refusals: [...refusals()] })),
    "debug.bundle": whileServing(({ masked }) => bundle(masked)),
  };
}

export interface NotificationParts {
  readonly attach: Attach;
  readonly frames: Frames;
  readonly signalling: SignallingService;
  readonly log: Log;
}

/** A notification has no answer, so one that does not fit the state is logged or ignored and never throws. */
export function createNotificationHandlers({
  attach,
  frames,
  signalling,
  log,
}: NotificationParts): HostNotificationHandlers {
  return {
    initialized() {
      if (attach.getSnapshot().can({ type: "host.initialized" })) attach.send({ type: "host.initialized" });
      else log("warn", "`initialized` does not fit the state of the plugin and was ignored");
    },
    exit: () => attach.send({ type: "host.exit" }),
    "contacts.set"({ contacts }) {
      const hostRelayed = signalling.hostRelayed();
      if (hostRelayed) hostRelayed.setContacts(contacts);
      else
        log(
          "warn",
          "`contacts.set` was ignored: the host does not relay signals, or `initialized` is missing",
        );
    },
    "frames.ack": ({ stream, seq }) => frames.acknowledge(stream, seq),
  };
}
