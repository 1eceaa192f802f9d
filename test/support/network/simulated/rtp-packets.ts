// Reads the header of RTP packets that pass a simulated network. SRTP leaves the header readable (RFC 3711, section 3.1).

/** The engine's payload type of Opus. */
const OPUS = 111;
const VERSION = 2;
const PAYLOAD_TYPE = 0x7f;
/** These second bytes mean RTCP on a port that carries both (RFC 5761, section 4). */
const RTCP = { first: 192, last: 223 };
const STAMP_AT = 4;

function isRtp([first = 0, second = 0]: Uint8Array): boolean {
  return first >> 6 === VERSION && (second < RTCP.first || second > RTCP.last);
}

export function isSound(packet: Uint8Array): boolean {
  return isRtp(packet) && ((packet[1] ?? 0) & PAYLOAD_TYPE) === OPUS;
}

/** Includes what repairs video: a call sends nothing else beside sound. */
export function isVideo(packet: Uint8Array): boolean {
  return isRtp(packet) && !isSound(packet);
}

/** @returns the RTP timestamp, in samples at the clock rate of the codec (RFC 3550, section 5.1) */
export function stampOf(packet: Uint8Array): number {
  return new DataView(packet.buffer, packet.byteOffset).getUint32(STAMP_AT);
}
