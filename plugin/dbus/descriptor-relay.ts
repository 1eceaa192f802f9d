// Lets the D-Bus library receive descriptors. It connects by a path and reads with Node's socket, which loses every descriptor,
// and it throws where it reads a message with one. So the library connects to this relay, which passes everything on to the bus
// by a socket that receives them. A descriptor in the one answer that waits for it is handed over beside the message, where it
// is a plain number. Any other message with descriptors is dropped.

import { closeSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withDeadline } from "../common/deadline.ts";
import { FIXED_HEADER_BYTES, lengthOfMessage, readMessage } from "./raw-message.ts";

/** A connection to a Unix socket; native/pipewire.ts has one. */
export interface DescriptorSocket {
  /** @throws Error */
  write(bytes: Uint8Array): void;
  close(): void;
}

/** @param path abstract if it begins with NUL. @throws Error without a listener at this path */
export type OpenDescriptorSocket = (
  path: string,
  callbacks: {
    onData(bytes: Uint8Array, descriptors: readonly number[]): void;
    onEnd(): void;
  },
) => DescriptorSocket;

export interface DescriptorRelay {
  /** For the library, which may connect once. */
  readonly address: string;
  /**
   * The descriptor in the answer to the call with this serial, whose signature must be "h". The caller owns it. An answer
   * without one resolves to null.
   */
  expect(serial: number): Promise<number | null>;
  /** From then on the call's answer is like any other, and what is expected resolves to null. */
  forget(serial: number): void;
  /** Idempotent. Closes descriptors that were not taken. */
  close(): void;
}

const SETUP_MS = 10_000;
const NEW_LINE = "\r\n";
/** The library needs a name of the bus, of any content. */
const AGREED = "OK 00000000000000000000000000000000\r\n";
/** Of a handshake. D-Bus specification, "Authentication Protocol". */
const MOST_LINE_BYTES = 4_096;
const AS_PLAIN_NUMBER = "u".charCodeAt(0);

/**
 * @param busAddress as in DBUS_SESSION_BUS_ADDRESS
 * @param onClosed the bus has gone. It follows no `close()`
 * @throws Error without a bus of this user that passes descriptors on
 */
export async function startDescriptorRelay(
  busAddress: string,
  open: OpenDescriptorSocket,
  onClosed: () => void,
): Promise<DescriptorRelay> {
  const relay = new Relay(onClosed);
  try {
    await withDeadline(SETUP_MS, undefined, `connecting to the bus ${busAddress}`, async () => {
      await relay.greet(open, pathOf(busAddress));
      await relay.listen();
    });
    return relay;
  } catch (error) {
    relay.close();
    throw error;
  }
}

/** @returns the socket of the first address that has one. @throws Error without one */
function pathOf(busAddress: string): string {
  for (const address of busAddress.split(";")) {
    const [, kind, value] = /^unix:(?:.*,)?(path|abstract)=([^,]+)/.exec(address) ?? [];
    if (value !== undefined) return `${kind === "abstract" ? "\0" : ""}${decodeURIComponent(value)}`;
  }
  throw new Error(`the bus ${busAddress} has no Unix socket, so it passes no descriptors on`);
}

class Relay implements DescriptorRelay {
  readonly #onClosed: () => void;
  readonly #greeted = Promise.withResolvers<void>();
  readonly #expected = new Map<number, (descriptor: number | null) => void>();
  readonly #server = createServer((client) => this.#accept(client));
  #bus: DescriptorSocket | null = null;
  #client: Socket | null = null;
  #folder = "";
  #isGreeted = false;
  #isClosed = false;
  #fromBus: Buffer = Buffer.alloc(0);
  /** In the order of their messages. */
  #descriptors: number[] = [];

  constructor(onClosed: () => void) {
    this.#onClosed = onClosed;
  }

  get address() {
    return `unix:path=${join(this.#folder, "bus")}`;
  }

  /** The whole handshake at once, as sd-bus sends it. */
  async greet(open: OpenDescriptorSocket, path: string): Promise<void> {
    this.#bus = open(path, {
      onData: (bytes, descriptors) => this.#receive(bytes, descriptors),
      onEnd: () => this.#fail(new Error("the bus closed the connection")),
    });
    const user = Buffer.from(`${process.getuid?.() ?? 0}`).toString("hex");
    const words = ["\0AUTH EXTERNAL ", user, NEW_LINE, "NEGOTIATE_UNIX_FD", NEW_LINE, "BEGIN", NEW_LINE];
    this.#bus.write(Buffer.from(words.join("")));
    await this.#greeted.promise;
  }

  /** Only this user may enter the folder, so no other one reaches the bus by this connection. */
  async listen(): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), "goop-call-bus-"));
    this.#folder = folder;
    if (this.#isClosed) await rm(folder, { recursive: true, force: true });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.on("error", reject);
    this.#server.listen(join(folder, "bus"), resolve);
    await promise;
  }

  expect(serial: number): Promise<number | null> {
    const { promise, resolve } = Promise.withResolvers<number | null>();
    if (this.#isClosed) resolve(null);
    else this.#expected.set(serial, resolve);
    return promise;
  }

  forget(serial: number): void {
    this.#expected.get(serial)?.(null);
    this.#expected.delete(serial);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stopListening();
    this.#bus?.close();
    this.#client?.destroy();
    closeAll(this.#descriptors.splice(0));
    for (const resolve of this.#expected.values()) resolve(null);
    this.#expected.clear();
    this.#greeted.reject(new Error("the relay was closed"));
    // Nobody may wait for it.
    this.#greeted.promise.catch(() => undefined);
  }

  #stopListening(): void {
    if (this.#server.listening) this.#server.close();
    // A folder that stays is empty, and the system clears such folders.
    if (this.#folder !== "") rm(this.#folder, { recursive: true, force: true }).catch(() => undefined);
  }

  #accept(client: Socket): void {
    this.#stopListening();
    if (this.#isClosed || this.#client !== null) {
      client.destroy();
      return;
    }
    this.#client = client;
    let hello = "";
    let hasBegun = false;
    client.on("error", () => this.close());
    client.on("close", () => this.close());
    client.on("data", (bytes: Buffer) => {
      if (hasBegun) {
        this.#send(bytes);
        return;
      }
      hello += bytes.toString("latin1");
      const auth = hello.indexOf(NEW_LINE);
      if (auth >= 0 && hello.startsWith("\0AUTH ")) {
        client.write(AGREED);
        hello = hello.slice(auth + NEW_LINE.length);
      }
      const begin = hello.indexOf(`BEGIN${NEW_LINE}`);
      if (begin < 0) return;
      hasBegun = true;
      const rest = hello.slice(begin + "BEGIN".length + NEW_LINE.length);
      if (rest !== "") this.#send(Buffer.from(rest, "latin1"));
    });
  }

  #send(bytes: Buffer): void {
    try {
      if (!this.#isClosed) this.#bus?.write(bytes);
    } catch (error) {
      this.#fail(error);
    }
  }

  #receive(bytes: Uint8Array, descriptors: readonly number[]): void {
    this.#descriptors.push(...descriptors);
    this.#fromBus = Buffer.concat([this.#fromBus, bytes]);
    try {
      if (!this.#isGreeted) this.#readGreeting();
      if (this.#isGreeted) this.#readMessages();
    } catch (error) {
      this.#fail(error);
    }
  }

  #readGreeting(): void {
    const [first = "", second, rest] = this.#fromBus.toString("latin1", 0, MOST_LINE_BYTES).split(NEW_LINE);
    if (second !== undefined && !first.startsWith("OK "))
      throw new Error(`the bus refuses this user: ${first}`);
    if (rest === undefined) return;
    if (second !== "AGREE_UNIX_FD") throw new Error("the bus passes no descriptors on");
    this.#fromBus = this.#fromBus.subarray(first.length + second.length + 2 * NEW_LINE.length);
    this.#isGreeted = true;
    this.#greeted.resolve();
  }

  #readMessages(): void {
    while (this.#fromBus.length >= FIXED_HEADER_BYTES) {
      const length = lengthOfMessage(this.#fromBus);
      if (this.#fromBus.length < length) return;
      this.#pass(this.#fromBus.subarray(0, length));
      this.#fromBus = this.#fromBus.subarray(length);
    }
  }

  #pass(message: Buffer): void {
    const { replySerial, signature, signatureAt, descriptors } = readMessage(message);
    const came = this.#descriptors.splice(0, descriptors);
    const taken = this.#expected.get(replySerial);
    this.#expected.delete(replySerial);
    const [descriptor] = came;
    if (descriptor === undefined) {
      taken?.(null);
      // The library throws where it reads a descriptor. A bus passes no message on that lacks those that it announces.
      if (signature.includes("h")) throw new Error("a descriptor is missing in a message of the bus");
    } else if (taken && signature === "h" && came.length === 1) {
      message.writeUInt8(AS_PLAIN_NUMBER, signatureAt);
      taken(descriptor);
    } else {
      closeAll(came);
      taken?.(null);
      return;
    }
    this.#client?.write(message);
  }

  #fail(error: unknown): void {
    if (this.#isClosed) return;
    this.#greeted.reject(error);
    this.close();
    this.#onClosed();
  }
}

function closeAll(descriptors: readonly number[]): void {
  for (const descriptor of descriptors) closeSync(descriptor);
}
