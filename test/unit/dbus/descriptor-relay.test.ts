// The relay of descriptors, with a bus that the test plays, and the real D-Bus library as its client.

import assert from "node:assert/strict";
import { closeSync, fstatSync, openSync } from "node:fs";
import { afterEach, test } from "node:test";
import { openDescriptorBus } from "../../../plugin/dbus/bus.ts";
import type { OpenDescriptorSocket } from "../../../plugin/dbus/descriptor-relay.ts";
import { lengthOfMessage, readMessage } from "../../../plugin/dbus/raw-message.ts";

const CALL = { destination: "org.example", path: "/", interface: "org.example.Fds", member: "Open" };
const AGREED = "OK 0123456789abcdef0123456789abcdef\r\nAGREE_UNIX_FD\r\n";

/** A method return in little-endian order, whose body is one number of four bytes. */
function answer(replySerial: number, signature: string, body: number, descriptors: number): Buffer {
  const fields = Buffer.alloc(descriptors > 0 ? 24 : 15 + 0);
  let at = fields.write("\x05\x01u\0", 0, "latin1");
  at = fields.writeUInt32LE(replySerial, at);
  at += fields.write(`\x08\x01g\0\x01${signature}\0`, at, "latin1");
  if (descriptors > 0) {
    at = fields.write("\x09\x01u\0", 16, "latin1") + 16;
    fields.writeUInt32LE(descriptors, at);
  }
  const header = Buffer.alloc(16);
  header.set([0x6c, 2, 1, 1]);
  header.writeUInt32LE(4, 4);
  header.writeUInt32LE(99, 8);
  header.writeUInt32LE(fields.length, 12);
  const content = Buffer.alloc(4);
  content.writeUInt32LE(body);
  const padding = Buffer.alloc((8 - (fields.length % 8)) % 8);
  return Buffer.concat([header, fields, padding, content]);
}

/** Answers the library's Hello, and the first other call with what the test wants. */
function bus(reply: (serial: number) => { bytes: Buffer; descriptors: number[] }) {
  let callbacks: Parameters<OpenDescriptorSocket>[1] | null = null;
  let isGreeted = false;
  let isClosed = false;
  const open: OpenDescriptorSocket = (_path, given) => {
    callbacks = given;
    return {
      write(bytes) {
        const written = Buffer.from(bytes);
        const later = (data: Buffer, descriptors: number[] = []) =>
          setImmediate(() => given.onData(data, descriptors));
        if (!isGreeted) {
          isGreeted = true;
          later(Buffer.from(AGREED));
        } else if (written.includes("Hello")) later(answer(written.readUInt32LE(8), "u", 1, 0));
        else {
          const { bytes: data, descriptors } = reply(written.readUInt32LE(8));
          // The bytes come in two parts, and the descriptors with the first.
          later(data.subarray(0, 20), descriptors);
          later(data.subarray(20));
        }
      },
      close() {
        isClosed = true;
      },
    };
  };
  return { open, end: () => callbacks?.onEnd(), isClosed: () => isClosed };
}

const opened: number[] = [];
const descriptor = () => {
  const fd = openSync("/dev/null", "r");
  opened.push(fd);
  return fd;
};
const isOpen = (fd: number) => {
  try {
    fstatSync(fd);
    return true;
  } catch {
    return false; // EBADF
  }
};
afterEach(() => {
  for (const fd of opened.splice(0)) if (isOpen(fd)) closeSync(fd);
});

test("the descriptor of the answer is handed over, and stays open", async () => {
  const fd = descriptor();
  const { open } = bus((serial) => ({ bytes: answer(serial, "h", 0, 1), descriptors: [fd] }));
  const client = await openDescriptorBus("unix:path=/bus", open, () => undefined);
  assert.equal(await client.askForDescriptor(CALL), fd);
  assert.ok(isOpen(fd));
  client.close();
});

test("an answer without a descriptor is refused", async () => {
  const { open } = bus((serial) => ({ bytes: answer(serial, "u", 7, 0), descriptors: [] }));
  const client = await openDescriptorBus("unix:path=/bus", open, () => undefined);
  await assert.rejects(client.askForDescriptor(CALL), /the answer to Open holds no descriptor/);
  client.close();
});

test("descriptors that are not expected are closed, and their message is dropped", async () => {
  const [unwanted, wanted] = [descriptor(), descriptor()];
  const { open } = bus((serial) => ({
    bytes: Buffer.concat([answer(4_711, "h", 0, 1), answer(serial, "h", 0, 1)]),
    descriptors: [unwanted, wanted],
  }));
  const client = await openDescriptorBus("unix:path=/bus", open, () => undefined);
  assert.equal(await client.askForDescriptor(CALL), wanted);
  assert.equal(isOpen(unwanted), false);
  client.close();
});

test("an invalid message ends the connection, and so does the bus", async () => {
  for (const bytes of [Buffer.alloc(64, "x"), answer(0, "h", 0, 0)]) {
    const gone = Promise.withResolvers<void>();
    const { open, isClosed } = bus(() => ({ bytes, descriptors: [] }));
    const client = await openDescriptorBus("unix:path=/bus", open, gone.resolve);
    client.tell(CALL);
    await gone.promise;
    assert.ok(isClosed());
  }
  const gone = Promise.withResolvers<void>();
  const { open, end } = bus(() => ({ bytes: Buffer.alloc(0), descriptors: [] }));
  await openDescriptorBus("unix:path=/bus", open, gone.resolve);
  end();
  await gone.promise;
});

test("a bus without a Unix socket is refused", async () => {
  const { open } = bus(() => ({ bytes: Buffer.alloc(0), descriptors: [] }));
  await assert.rejects(
    openDescriptorBus("tcp:host=localhost,port=1", open, () => undefined),
    /has no Unix socket/,
  );
});

test("bytes of any kind are a message or an error", () => {
  const message = answer(5, "h", 0, 1);
  assert.deepEqual(readMessage(message), { replySerial: 5, signature: "h", signatureAt: 29, descriptors: 1 });
  assert.equal(lengthOfMessage(message), message.length);
  for (let at = 0; at < message.length; at += 1) {
    for (const value of [0, 1, 0x7f, 0xff]) {
      const broken = Buffer.from(message);
      broken[at] = value;
      try {
        assert.ok(lengthOfMessage(broken) > 0);
        readMessage(broken);
      } catch (error) {
        assert.ok(error instanceof Error);
      }
    }
  }
});
