// The parts of a D-Bus message's header that the relay of descriptors needs, from the bytes: D-Bus specification, "Message
// Format". A bus passes on valid messages only. What is not valid nevertheless throws.

/** Byte order, type, flags, version, the body's length, the serial and the length of the fields. */
export const FIXED_HEADER_BYTES = 16;
/** A bus allows 128 MB. The messages of portals are short. */
const MOST_BYTES = 4 * 1024 * 1024;
const LITTLE = 0x6c;
const BIG = 0x42;
const CODES = { replySerial: 5, signature: 8, descriptors: 9 } as const;
/** Of types with one alignment and one size. */
const FOUR_BYTES = ["u", "i", "b", "h"];

export interface RawMessage {
  /** The serial of the call that this answers; 0 for other messages. */
  readonly replySerial: number;
  readonly signature: string;
  /** Where the signature's text begins in the message. */
  readonly signatureAt: number;
  /** How many descriptors came with it. */
  readonly descriptors: number;
}

/** @param header at least {@link FIXED_HEADER_BYTES}. @returns the length of the whole message. @throws Error for an invalid one */
export function lengthOfMessage(header: Buffer): number {
  const length = FIXED_HEADER_BYTES + aligned(numberAt(header, 12), 8) + numberAt(header, 4);
  if (length > MOST_BYTES)
    throw new Error(`a message of ${length} bytes; at most ${MOST_BYTES} are expected`);
  return length;
}

/** @param message a whole one. @throws Error for an invalid one */
export function readMessage(message: Buffer): RawMessage {
  const found = { replySerial: 0, signature: "", signatureAt: 0, descriptors: 0 };
  const end = FIXED_HEADER_BYTES + numberAt(message, 12);
  for (let at = FIXED_HEADER_BYTES; at < end; ) {
    at = aligned(at, 8);
    const code = message.readUInt8(at);
    const type = textAt(message, at + 2, message.readUInt8(at + 1));
    // The code, the type's length, the type and its end.
    at += 3 + type.length;
    if (type === "g") {
      const length = message.readUInt8(at);
      if (code === CODES.signature) {
        found.signature = textAt(message, at + 1, length);
        found.signatureAt = at + 1;
      }
      at += 2 + length;
    } else {
      at = aligned(at, 4);
      const value = numberAt(message, at);
      if (code === CODES.replySerial) found.replySerial = value;
      if (code === CODES.descriptors) found.descriptors = value;
      at += FOUR_BYTES.includes(type) ? 4 : 5 + lengthOfText(type, value);
    }
  }
  return found;
}

function lengthOfText(type: string, length: number): number {
  if (type === "s" || type === "o") return length;
  throw new Error(`a header field of the type ${type}; expected one of D-Bus 1.0`);
}

const aligned = (at: number, to: number) => Math.ceil(at / to) * to;
const textAt = (bytes: Buffer, at: number, length: number) => bytes.toString("latin1", at, at + length);

function numberAt(message: Buffer, at: number): number {
  const order = message.readUInt8(0);
  if (order === LITTLE) return message.readUInt32LE(at);
  if (order === BIG) return message.readUInt32BE(at);
  throw new Error(`a message with the byte order ${order}; expected "l" or "B"`);
}
