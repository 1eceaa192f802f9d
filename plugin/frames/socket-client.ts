// A page that receives frames as binary WebSocket messages and acknowledges them on the same socket.

import type { RawData, WebSocket } from "ws";
import type { FrameClient, FrameClientEvents, FrameHead } from "./frame-client.ts";

/** seq u32, capturedAt f64, width u16, height u16, all big-endian; then the JPEG. */
const HEAD_BYTES = 16;
/** An acknowledgement is the seq alone, u32, big-endian. */
const ACK_BYTES = 4;
/** RFC 6455, 7.4.1: policy violation. */
const CLOSE_BAD_MESSAGE = 1008;

/** @returns the message's first bytes, written into `head` */
function writeHead(head: Buffer, { seq, capturedAt, width, height }: FrameHead): Buffer {
  head.writeUInt32BE(seq, 0);
  head.writeDoubleBE(capturedAt, 4);
  head.writeUInt16BE(width, 12);
  head.writeUInt16BE(height, 14);
  return head;
}

export function createSocketClient(socket: WebSocket, events: FrameClientEvents): FrameClient {
  const head = Buffer.alloc(HEAD_BYTES);
  socket.on("message", (data: RawData, isBinary) => {
    const bytes = Buffer.isBuffer(data) ? data : Buffer.alloc(0);
    if (isBinary && bytes.length === ACK_BYTES) events.onAcknowledge(bytes.readUInt32BE(0));
    else socket.close(CLOSE_BAD_MESSAGE, "expected a seq in four bytes");
  });
  // "close" follows every error.
  socket.on("error", () => undefined);
  socket.once("close", () => events.onGone());
  return {
    write: (about, jpeg) =>
      new Promise((resolve, reject) => {
        // Two fragments of one message, so that the JPEG need not be copied behind its head.
        socket.send(writeHead(head, about), { binary: true, fin: false });
        socket.send(jpeg, { binary: true, fin: true }, (error) => (error ? reject(error) : resolve()));
      }),
    close: () => socket.terminate(),
  };
}
