// The notification daemon of the desktop over D-Bus. Only this module loads the D-Bus library, when the first call comes in.

import type { EventEmitter } from "node:events";
import type { Message, MessageBus } from "@jellybrick/dbus-next";
import { withDeadline } from "../common/deadline.ts";
import type { DaemonEvents, Notification, NotificationDaemon, Shown } from "./notification-daemon.ts";

const NAME = "org.freedesktop.Notifications";
const PATH = "/org/freedesktop/Notifications";
const BUS_NAME = "org.freedesktop.DBus";
const BUS_PATH = "/org/freedesktop/DBus";
const BUS = { destination: BUS_NAME, path: BUS_PATH, interface: BUS_NAME };
const DAEMON = { destination: NAME, path: PATH, interface: NAME };

/** A daemon answers within milliseconds, and one that the bus has to start within seconds. A ring lasts longer than both. */
const ANSWER_MS = 20_000;
const CONNECT_MS = 10_000;
/** Hints of the specification. A call that is not critical obeys "do not disturb". */
const URGENCY_NORMAL = 1;
const REPLACES_NONE = 0;
/** Until the call ends. */
const NEVER_EXPIRES = 0;

type Library = typeof import("@jellybrick/dbus-next");
interface Call {
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly signature?: string;
  readonly body?: unknown[];
  readonly flags?: number;
}

/** @param busAddress as in DBUS_SESSION_BUS_ADDRESS. @throws Error without a bus at this address */
export async function connectToDaemon(busAddress: string, events: DaemonEvents): Promise<NotificationDaemon> {
  const library = await import("@jellybrick/dbus-next");
  const bus = library.sessionBus({ busAddress });
  try {
    await withDeadline(CONNECT_MS, undefined, "connecting to the session bus", () => connected(bus));
    const daemon = new FreedesktopDaemon(library, bus);
    await daemon.listen(events);
    return daemon;
  } catch (error) {
    bus.disconnect();
    throw error;
  }
}

function connected(bus: MessageBus): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  bus.once("connect", resolve);
  const events: EventEmitter = bus;
  // It stays for the life of the connection: what fails later also fails the request that needs it.
  events.on("error", reject);
  return promise;
}

class FreedesktopDaemon implements NotificationDaemon {
  readonly #library: Library;
  readonly #bus: MessageBus;

  constructor(library: Library, bus: MessageBus) {
    this.#library = library;
    this.#bus = bus;
  }

  async listen(events: DaemonEvents): Promise<void> {
    this.#bus.on("message", (message: Message) => {
      const { interface: from, member, body } = message;
      const [first, second, third] = body;
      if (from === NAME && member === "ActionInvoked") {
        if (typeof first === "number" && typeof second === "string") events.onAction(first, second);
      } else if (from === BUS_NAME && member === "NameOwnerChanged") {
        if (first === NAME && typeof third === "string" && third !== "") events.onNewDaemon(third);
      }
    });
    // The bus passes signals on only from the owner of the name.
    await this.#match(
      `type='signal',sender='${NAME}',path='${PATH}',interface='${NAME}',member='ActionInvoked'`,
    );
    await this.#match(
      `type='signal',sender='${BUS_NAME}',interface='${BUS_NAME}',member='NameOwnerChanged',arg0='${NAME}'`,
    );
  }

  async capabilities(): Promise<readonly string[]> {
    const [names] = await this.#call({ ...DAEMON, member: "GetCapabilities" });
    return Array.isArray(names) ? names.filter((name) => typeof name === "string") : [];
  }

  async isInhibited(): Promise<boolean> {
    try {
      const [value] = await this.#call({
        ...DAEMON,
        interface: "org.freedesktop.DBus.Properties",
        member: "Get",
        signature: "ss",
        body: [NAME, "Inhibited"],
      });
      return value instanceof this.#library.Variant && value.value === true;
    } catch (error) {
      // Only some daemons have the property, and the others refuse the question in many ways.
      if (error instanceof this.#library.DBusError) return false;
      throw error;
    }
  }

  async notify({ summary, body, actions }: Notification): Promise<Shown> {
    const { Variant } = this.#library;
    const hints = {
      urgency: new Variant("y", URGENCY_NORMAL),
      category: new Variant("s", "call.incoming"),
      // The ring is the plugin's own.
      "suppress-sound": new Variant("b", true),
    };
    const reply = await this.#ask({
      ...DAEMON,
      member: "Notify",
      signature: "susssasa{sv}i",
      body: ["Goop² call", REPLACES_NONE, "call-start", summary, body, actions.flat(), hints, NEVER_EXPIRES],
    });
    const [id] = reply?.body ?? [];
    if (typeof id !== "number") throw new Error("the notification daemon answered without an id");
    return { id, daemon: reply?.sender ?? "" };
  }

  async withdraw(id: number): Promise<void> {
    try {
      const flags = this.#library.MessageFlag.NO_AUTO_START;
      await this.#call({ ...DAEMON, member: "CloseNotification", signature: "u", body: [id], flags });
    } catch (error) {
      // Daemons may refuse the id of a notification that the user has closed.
      if (!(error instanceof this.#library.DBusError)) throw error;
    }
  }

  disconnect(): void {
    this.#bus.disconnect();
  }

  async #match(rule: string): Promise<void> {
    await this.#call({ ...BUS, member: "AddMatch", signature: "s", body: [rule] });
  }

  async #call(call: Call): Promise<unknown[]> {
    return (await this.#ask(call))?.body ?? [];
  }

  #ask(call: Call): Promise<Message | null> {
    const message = new this.#library.Message({ signature: "", body: [], ...call });
    return withDeadline(ANSWER_MS, undefined, `the answer to ${call.member}`, () => this.#bus.call(message));
  }
}
