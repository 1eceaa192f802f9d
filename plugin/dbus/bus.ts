// A connection to a D-Bus message bus. Only this module loads the D-Bus library, when the first connection is opened.

import type { EventEmitter } from "node:events";
import type { Message, MessageBus } from "@jellybrick/dbus-next";
import { withDeadline } from "../common/deadline.ts";

const CONNECT_MS = 10_000;
/** A service answers within milliseconds, and one that the bus has to start within seconds. */
const ANSWER_MS = 20_000;

type Library = typeof import("@jellybrick/dbus-next");

/** A method call. Without `signature` it has no arguments. */
export interface BusCall {
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly signature?: string;
  readonly body?: unknown[];
  readonly flags?: number;
}

/** Close it. What fails on the connection also fails the call that needs it. */
export interface Bus {
  readonly library: Library;
  onMessage(listener: (message: Message) => void): void;
  /** @throws DBusError when the service refuses, Error without an answer in time */
  ask(call: BusCall): Promise<Message | null>;
  close(): void;
}

/** @param busAddress as in DBUS_SESSION_BUS_ADDRESS. @throws Error without a bus at this address */
export async function openBus(busAddress: string): Promise<Bus> {
  const library = await import("@jellybrick/dbus-next");
  const bus = library.sessionBus({ busAddress });
  try {
    await withDeadline(CONNECT_MS, undefined, `connecting to the bus ${busAddress}`, () => connected(bus));
  } catch (error) {
    bus.disconnect();
    throw error;
  }
  return {
    library,
    onMessage: (listener) => void bus.on("message", listener),
    ask(call) {
      const message = new library.Message({ signature: "", body: [], ...call });
      return withDeadline(ANSWER_MS, undefined, `the answer to ${call.member}`, () => bus.call(message));
    },
    close: () => bus.disconnect(),
  };
}

function connected(bus: MessageBus): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  bus.once("connect", resolve);
  const events: EventEmitter = bus;
  // It stays for the life of the connection: what fails later also fails the request that needs it.
  events.on("error", reject);
  return promise;
}
