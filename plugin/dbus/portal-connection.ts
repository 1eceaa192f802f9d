// A connection to the desktop's portal, org.freedesktop.portal.Desktop. Most of its methods answer at once with the path of a
// request, whose result follows in the signal Response.

import { randomUUID } from "node:crypto";
import { withDeadline } from "../common/deadline.ts";
import type { BusCall, BusMessage, DescriptorBus } from "./bus.ts";
import { plainValue } from "./plain-value.ts";

const PORTAL_NAME = "org.freedesktop.portal.Desktop";
const PORTAL_PATH = "/org/freedesktop/portal/desktop";
const REQUEST = "org.freedesktop.portal.Request";
const SESSION = "org.freedesktop.portal.Session";
const PROPERTIES = "org.freedesktop.DBus.Properties";
const BUS_NAME = "org.freedesktop.DBus";
const BUS = { destination: BUS_NAME, path: "/org/freedesktop/DBus", interface: BUS_NAME };
/** What the portal answers by itself. It may have to start the desktop's part first. */
const OWN_ANSWER_MS = 20_000;
/** Results that come before the answer with their path, from portals that choose a path of their own. */
const MOST_EARLY = 16;

/** Of a request, and those of the portal's documentation. */
export const RESPONSES = { success: 0, cancelled: 1, otherwise: 2 } as const;

export interface PortalResult {
  /** One of {@link RESPONSES}. */
  readonly response: number;
  /** Without variants. Its form is unchecked. */
  readonly results: unknown;
}

export interface PortalCall {
  readonly interface: string;
  readonly member: string;
  /** Of the arguments before the options. */
  readonly signature: string;
  readonly body: readonly unknown[];
  /** Values with their D-Bus types. */
  readonly options: Readonly<Record<string, readonly [type: string, value: unknown]>>;
}

export interface PortalEvents {
  /** The desktop ended the session of this path. */
  onSessionClosed?(path: string): void;
  /** Properties of one of the portal's interfaces have changed. */
  onPropertiesChanged?(of: string): void;
  /** The portal's process has ended, or the bus. */
  onGone(): void;
}

export class PortalConnection {
  readonly #bus: DescriptorBus;
  readonly #events: PortalEvents;
  readonly #waiting = new Map<string, (result: PortalResult) => void>();
  readonly #early = new Map<string, PortalResult>();
  #owner = "";

  private constructor(bus: DescriptorBus, events: PortalEvents) {
    this.#bus = bus;
    this.#events = events;
  }

  /** Takes the bus over. @throws Error where no portal can be started */
  static async open(bus: DescriptorBus, events: PortalEvents): Promise<PortalConnection> {
    const portal = new PortalConnection(bus, events);
    try {
      await portal.#listen();
      return portal;
    } catch (error) {
      bus.close();
      throw error;
    }
  }

  async #listen(): Promise<void> {
    this.#bus.onMessage((message) => this.#receive(message));
    for (const [sender, from, member] of [
      [PORTAL_NAME, REQUEST, "Response"],
      [PORTAL_NAME, SESSION, "Closed"],
      [PORTAL_NAME, PROPERTIES, "PropertiesChanged"],
      [BUS_NAME, BUS_NAME, "NameOwnerChanged',arg0='org.freedesktop.portal.Desktop"],
    ]) {
      const rule = `type='signal',sender='${sender}',interface='${from}',member='${member}'`;
      await this.#bus.ask({ ...BUS, member: "AddMatch", signature: "s", body: [rule] });
    }
    // Starts the portal if it does not run.
    const answer = await this.#bus.ask({
      ...{ destination: PORTAL_NAME, path: PORTAL_PATH, interface: "org.freedesktop.DBus.Peer" },
      member: "Ping",
    });
    this.#owner = answer?.sender ?? "";
  }

  #receive({ sender, path, interface: from, member, body }: BusMessage): void {
    const [first, second, third] = body;
    if (from === BUS_NAME && sender === BUS_NAME && member === "NameOwnerChanged") {
      if (first === PORTAL_NAME && second === this.#owner && third !== this.#owner) this.#events.onGone();
    } else if (sender !== this.#owner) {
      // Any program may send a signal that looks like the portal's.
    } else if (from === SESSION && member === "Closed") {
      this.#events.onSessionClosed?.(path);
    } else if (from === PROPERTIES && member === "PropertiesChanged" && typeof first === "string") {
      this.#events.onPropertiesChanged?.(first);
    } else if (from === REQUEST && member === "Response" && typeof first === "number") {
      this.#settle(path, { response: first, results: plainValue(second) });
    }
  }

  #settle(path: string, result: PortalResult): void {
    const waiting = this.#waiting.get(path);
    if (waiting) waiting(result);
    else if (this.#early.size < MOST_EARLY) this.#early.set(path, result);
  }

  /** @returns the properties of one of the portal's interfaces, unchecked. @throws Error */
  async properties(of: string): Promise<unknown> {
    const answer = await this.#bus.ask({
      ...{ destination: PORTAL_NAME, path: PORTAL_PATH, interface: PROPERTIES },
      ...{ member: "GetAll", signature: "s", body: [of] },
    });
    return plainValue(answer?.body[0]);
  }

  /**
   * @param signal aborts the request: its dialog closes
   * @param waitsForUser then it waits without limit
   * @throws the signal's reason, or Error without an answer
   */
  async request(call: PortalCall, signal: AbortSignal, waitsForUser: boolean): Promise<PortalResult> {
    const { Variant } = this.#bus.library;
    const token = ["handle_token", ["s", `goop_${randomUUID().replaceAll("-", "")}`]] as const;
    const options = [...Object.entries(call.options), token].map(
      ([name, [type, value]]) => [name, new Variant(type, value)] as const,
    );
    const answer = await this.#bus.ask({
      ...{ destination: PORTAL_NAME, path: PORTAL_PATH, interface: call.interface, member: call.member },
      ...{ signature: `${call.signature}a{sv}`, body: [...call.body, Object.fromEntries(options)] },
    });
    const [path] = answer?.body ?? [];
    if (typeof path !== "string") throw new Error(`the portal answered ${call.member} without a request`);
    try {
      if (!waitsForUser) {
        return await withDeadline(OWN_ANSWER_MS, signal, `the portal's result of ${call.member}`, () =>
          this.#resultOf(path),
        );
      }
      return await abortable(signal, this.#resultOf(path));
    } catch (error) {
      this.#tell({ path, interface: REQUEST, member: "Close" });
      throw error;
    } finally {
      this.#waiting.delete(path);
      this.#early.clear();
    }
  }

  #resultOf(path: string): Promise<PortalResult> {
    const early = this.#early.get(path);
    if (early) return Promise.resolve(early);
    const { promise, resolve } = Promise.withResolvers<PortalResult>();
    this.#waiting.set(path, resolve);
    return promise;
  }

  /** @returns a descriptor, which the caller owns. @throws Error */
  askForDescriptor(call: Omit<BusCall, "destination" | "path">): Promise<number> {
    return this.#bus.askForDescriptor({ ...call, destination: PORTAL_NAME, path: PORTAL_PATH });
  }

  closeSession(path: string): void {
    this.#tell({ path, interface: SESSION, member: "Close" });
  }

  #tell(call: Omit<BusCall, "destination">): void {
    try {
      this.#bus.tell({ ...call, destination: PORTAL_NAME });
    } catch {
      // The bus has gone, and the portal has closed what belonged to this connection.
    }
  }

  /** The portal closes what belongs to this connection. */
  close(): void {
    this.#bus.close();
  }
}

async function abortable<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  return Promise.race([work, promise]).finally(() => signal.removeEventListener("abort", onAbort));
}
