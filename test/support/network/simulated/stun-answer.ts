// The answer of a STUN server to a binding request (RFC 8489 sections 5, 6.3.1 and 14.2), for IPv4.

const HEADER_BYTES = 20;
const BINDING_REQUEST = 0x0001;
const BINDING_SUCCESS = 0x0101;
const MAGIC_COOKIE = 0x2112a442;
const XOR_MAPPED_ADDRESS = 0x0020;
const IPV4 = 0x01;

/**
 * @param mapped the address and port from which the request seems to come
 * @returns null when the packet is no binding request
 */
export function bindingAnswer(request: Buffer, mapped: string): Buffer | null {
  if (request.length < HEADER_BYTES || request.readUInt16BE(0) !== BINDING_REQUEST) return null;
  if (request.readUInt32BE(4) !== MAGIC_COOKIE) return null;
  const [address = "", port = ""] = mapped.split(":");
  const number = address.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);
  const attribute = Buffer.alloc(12);
  attribute.writeUInt16BE(XOR_MAPPED_ADDRESS, 0);
  attribute.writeUInt16BE(8, 2);
  attribute.writeUInt8(IPV4, 5);
  attribute.writeUInt16BE(Number(port) ^ (MAGIC_COOKIE >>> 16), 6);
  attribute.writeUInt32BE((number ^ MAGIC_COOKIE) >>> 0, 8);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(BINDING_SUCCESS, 0);
  header.writeUInt16BE(attribute.length, 2);
  request.copy(header, 4, 4, HEADER_BYTES);
  return Buffer.concat([header, attribute]);
}
