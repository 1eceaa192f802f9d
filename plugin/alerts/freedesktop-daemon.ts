// The notification daemon of the desktop over D-Bus.

import { type Bus, type BusCall, openBus } from "../dbus/bus.ts";
import type { DaemonEvents, Notification, NotificationDaemon, Shown } from "./notification-daemon.ts";

const NAME = "org.freedesktop.Notifications";
const PATH = "/org/freedesktop/Notifications";
const BUS_NAME = "org.freedesktop.DBus";
const BUS_PATH = "/org/freedesktop/DBus";
const BUS = { destination: BUS_NAME, path: BUS_PATH, interface: BUS_NAME };
const DAEMON = { destination: NAME, path: PATH, interface: NAME };

/** Hints of the specification. A call that is not critical obeys "do not disturb". */
const URGENCY_NORMAL = 1;
const REPLACES_NONE = 0;
/** Until the call ends. */
const NEVER_EXPIRES = 0;

/** @param busAddress as in DBUS_SESSION_BUS_ADDRESS. @throws Error without a bus at this address */
export async function connectToDaemon(busAddress: string, events: DaemonEvents): Promise<NotificationDaemon> {
  const bus = await openBus(busAddress);
  try {
    const daemon = new FreedesktopDaemon(bus);
    await daemon.listen(events);
    return daemon;
  } catch (error) {
    bus.close();
    throw error;
  }
}

class FreedesktopDaemon implements NotificationDaemon {
  readonly #bus: Bus;

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  async listen(events: DaemonEvents): Promise<void> {
    this.#bus.onMessage((message) => {
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
      return value instanceof this.#bus.library.Variant && value.value === true;
    } catch (error) {
      // Only some daemons have the property, and the others refuse the question in many ways.
      if (error instanceof this.#bus.library.DBusError) return false;
      throw error;
    }
  }

  async notify({ summary, body, actions }: Notification): Promise<Shown> {
    const { Variant } = this.#bus.library;
    const hints = {
      urgency: new Variant("y", URGENCY_NORMAL),
      category: new Variant("s", "call.incoming"),
      // The ring is the plugin's own.
      "suppress-sound": new Variant("b", true),
    };
    const reply = await this.#bus.ask({
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
      const flags = this.#bus.library.MessageFlag.NO_AUTO_START;
      await this.#call({ ...DAEMON, member: "CloseNotification", signature: "u", body: [id], flags });
    } catch (error) {
      // Daemons may refuse the id of a notification that the user has closed.
      if (!(error instanceof this.#bus.library.DBusError)) throw error;
    }
  }

  disconnect(): void {
    this.#bus.close();
  }

  async #match(rule: string): Promise<void> {
    await this.#call({ ...BUS, member: "AddMatch", signature: "s", body: [rule] });
  }

  async #call(call: BusCall): Promise<unknown[]> {
    return (await this.#bus.ask(call))?.body ?? [];
  }
}
