// Datagrams that anybody who knows our addresses can send to the ports of a call.

import { createHmac, randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";

/** RFC 8489, section 5. */
const MAGIC = Buffer.from([0x21, 0x12, 0xa4, 0x42]);
const BINDING = { request: 0x0001, response: 0x0101, error: 0x0111, indication: 0x0011 } as const;
const ATTRIBUTE = { username: 0x0006, integrity: 0x0008, errorCode: 0x0009, useCandidate: 0x0025 } as const;
/** RFC 8445, section 7.3.1.1: the sender claims to be in the same role. */
const ROLE_CONFLICT = Buffer.from([0, 0, 4, 87]);
const AT_ONCE = 50;

/** @param attributes type and value. @returns a STUN message, whose integrity is wrong because the password is a guess */
function stun(kind: keyof typeof BINDING, attributes: readonly (readonly [number, Buffer])[]): Buffer {
  const encode = ([type, value]: readonly [number, Buffer]): Buffer => {
    const head = Buffer.alloc(4);
    head.writeUInt16BE(type, 0);
    head.writeUInt16BE(value.length, 2);
    return Buffer.concat([head, value, Buffer.alloc((4 - (value.length % 4)) % 4)]);
  };
  const body = Buffer.concat(attributes.map(encode));
  const head = Buffer.alloc(4);
  head.writeUInt16BE(BINDING[kind], 0);
  head.writeUInt16BE(body.length + 24, 2);
  const signed = Buffer.concat([head, MAGIC, randomBytes(12), body]);
  const integrity = createHmac("sha1", "a guess").update(signed).digest();
  return Buffer.concat([signed, encode([ATTRIBUTE.integrity, integrity])]);
}

/** @param username of the connectivity checks, `ours:theirs`, as an observer of the network reads it */
export function hostileDatagrams(username: string): readonly (readonly [name: string, make: () => Buffer])[] {
  const user = Buffer.from(username);
  const nominate = [ATTRIBUTE.useCandidate, Buffer.alloc(0)] as const;
  return [
    ["checks with a wrong password", () => stun("request", [[ATTRIBUTE.username, user], nominate])],
    ["checks of another user", () => stun("request", [[ATTRIBUTE.username, randomBytes(9)], nominate])],
    ["answers to no check", () => stun("response", [])],
    ["role conflicts", () => stun("error", [[ATTRIBUTE.errorCode, ROLE_CONFLICT]])],
    ["indications", () => stun("indication", [])],
    // RFC 6347: alerts in the clear, which end a connection without encryption.
    ["DTLS alerts", () => Buffer.from("15fefd000000000000000000020200", "hex")],
    ["DTLS hellos", () => Buffer.concat([Buffer.from("16fefd0000000000000000", "hex"), randomBytes(200)])],
    // RFC 3550: version 2, payload type 111, and an RTCP BYE.
    ["sound", () => Buffer.concat([Buffer.from([0x80, 111]), randomBytes(100)])],
    ["an end of sound", () => Buffer.concat([Buffer.from([0x81, 203, 0, 1]), randomBytes(4)])],
    ["nonsense", () => randomBytes(1_200)],
  ];
}

/** @returns how many were sent. A full buffer of the system may still drop some */
export async function sendDatagrams(
  make: () => Buffer,
  ports: readonly number[],
  count: number,
): Promise<number> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const send = (port: number): Promise<void> =>
    new Promise((resolve) => socket.send(make(), port, "127.0.0.1", () => resolve()));
  let sent = 0;
  try {
    while (sent < count) {
      const some = Array.from({ length: Math.min(AT_ONCE, count - sent) }, (_, index) =>
        send(ports[index % ports.length] ?? 0),
      );
      await Promise.all(some);
      sent += some.length;
    }
  } finally {
    socket.close();
  }
  return sent;
}
