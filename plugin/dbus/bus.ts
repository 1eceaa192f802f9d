// A connection to a D-Bus message bus. Only this module loads the D-Bus library, when the first connection is opened.

import type { EventEmitter } from "node:events";
import { closeSync } from "node:fs";
import type { Message, MessageBus } from "@jellybrick/dbus-next";
import { withDeadline } from "../common/deadline.ts";
import { type OpenDescriptorSocket, startDescriptorRelay } from "./descriptor-relay.ts";

const CONNECT_MS = 10_000;
/** A service answers within milliseconds, and one that the bus has to start within seconds. */
const ANSWER_MS = 20_000;

export type BusMessage = Message;
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
  /** Expects no answer. @throws Error on a closed connection */
  tell(call: BusCall): void;
  close(): void;
}

/** A bus whose answers may hold descriptors. */
export interface DescriptorBus extends Bus {
  /** @returns the descriptor that the answer consists of; the caller owns it. @throws as {@link Bus.ask} */
  askForDescriptor(call: BusCall): Promise<number>;
}

/** @param busAddress as in DBUS_SESSION_BUS_ADDRESS. @throws Error without a bus at this address */
export async function openBus(busAddress: string): Promise<Bus> {
  return (await connectTo(busAddress)).bus;
}

/** Its `close` ends the relay, once the bus has all that was sent. @param onClosed the bus has gone. @throws Error as {@link openBus}, and for a bus that passes no descriptors on */
export async function openDescriptorBus(
  busAddress: string,
  open: OpenDescriptorSocket,
  onClosed: () => void,
): Promise<DescriptorBus> {
  const relay = await startDescriptorRelay(busAddress, open, onClosed);
  try {
    const { bus, send } = await connectTo(relay.address);
    return {
      ...bus,
      async askForDescriptor(call) {
        const { serial, answer } = send(call);
        const expected = relay.expect(serial);
        try {
          await answer;
        } catch (error) {
          relay.forget(serial);
          const late = await expected;
          if (late !== null) closeSync(late);
          throw error;
        }
        const descriptor = await expected;
        if (descriptor === null) throw new Error(`the answer to ${call.member} holds no descriptor`);
        return descriptor;
      },
    };
  } catch (error) {
    relay.close();
    throw error;
  }
}

async function connectTo(busAddress: string) {
  const library = await import("@jellybrick/dbus-next");
  const connection = library.sessionBus({ busAddress });
  try {
    await withDeadline(CONNECT_MS, undefined, `connecting to the bus ${busAddress}`, () =>
      connected(connection),
    );
  } catch (error) {
    connection.disconnect();
    throw error;
  }
  const messageOf = (call: BusCall) => new library.Message({ signature: "", body: [], ...call });
  const send = (call: BusCall) => {
    const message = messageOf(call);
    const answer = withDeadline(ANSWER_MS, undefined, `the answer to ${call.member}`, () =>
      connection.call(message),
    );
    return { serial: message.serial ?? 0, answer };
  };
  const bus: Bus = {
    library,
    onMessage: (listener) => void connection.on("message", listener),
    ask: (call) => send(call).answer,
    tell: (call) => connection.send(messageOf({ ...call, flags: library.MessageFlag.NO_REPLY_EXPECTED })),
    close: () => connection.disconnect(),
  };
  return { bus, send };
}

function connected(bus: MessageBus): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  bus.once("connect", resolve);
  const events: EventEmitter = bus;
  // It stays for the life of the connection: what fails later also fails the request that needs it.
  events.on("error", reject);
  return promise;
}
