// Runs inside the kernel machine, in a network namespace of its own: UDP sockets that the report's process drives over the
// channel between them.

import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import {
  receiveTrain,
  sendTrain,
  type Train,
  type TrainFigures,
} from "../../../support/network/probe/packet-train.ts";
import type { Endpoint } from "../../../support/network/simulated/nat-table.ts";

/** Sockets have the names of their addresses. */
export type EndRequest =
  | { readonly type: "open"; readonly socket: Endpoint }
  | { readonly type: "send"; readonly socket: Endpoint; readonly to: Endpoint; readonly text: string }
  /** What arrived since it was last asked, until this text did. */
  | { readonly type: "hear"; readonly socket: Endpoint; readonly until: string }
  | { readonly type: "receive-train"; readonly socket: Endpoint; readonly train: Train }
  /** Sends until `train-received`. */
  | { readonly type: "send-train"; readonly socket: Endpoint; readonly to: Endpoint; readonly train: Train }
  | { readonly type: "train-received" };

export interface Heard {
  readonly text: string;
  readonly from: Endpoint;
}

export type EndAnswer = TrainFigures | readonly Heard[] | null;

interface OpenSocket {
  readonly socket: Socket;
  heard: Heard[];
}

const sockets = new Map<Endpoint, OpenSocket>();
let received = Promise.withResolvers<void>();

async function open(name: Endpoint): Promise<null> {
  const [address = "", port = ""] = name.split(":");
  const socket = createSocket("udp4");
  const opened: OpenSocket = { socket, heard: [] };
  socket.on("message", (packet, from) => {
    opened.heard.push({ text: packet.toString("latin1", 0, 20), from: `${from.address}:${from.port}` });
  });
  socket.bind(Number(port), address);
  await once(socket, "listening");
  sockets.set(name, opened);
  return null;
}

function opened(name: Endpoint): OpenSocket {
  const found = sockets.get(name);
  if (!found) throw new Error(`no socket ${name} among ${[...sockets.keys()].join()}`);
  return found;
}

async function hear(name: Endpoint, until: string): Promise<Heard[]> {
  const { socket } = opened(name);
  while (!opened(name).heard.some(({ text }) => text === until)) await once(socket, "message");
  const { heard } = opened(name);
  opened(name).heard = [];
  return heard;
}

async function answer(request: EndRequest): Promise<EndAnswer> {
  switch (request.type) {
    case "open":
      return await open(request.socket);
    case "hear":
      return await hear(request.socket, request.until);
    case "receive-train":
      return await receiveTrain(opened(request.socket).socket, request.train);
    case "send-train":
      received = Promise.withResolvers();
      await sendTrain(opened(request.socket).socket, request.to, request.train, received.promise);
      return null;
    case "send": {
      const [address = "", port = ""] = request.to.split(":");
      opened(request.socket).socket.send(request.text, Number(port), address);
      return null;
    }
    case "train-received":
      received.resolve();
      return null;
  }
}

process.on("message", ({ id, request }: { id: number; request: EndRequest }) => {
  void answer(request).then((value) => process.send?.({ id, value }));
});
process.on("disconnect", () => process.exit());
