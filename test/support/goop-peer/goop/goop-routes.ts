// Goop²'s JSON answers, path by path [5.1-5.3].

import { randomUUID } from "node:crypto";
import type { KnownPeer } from "../peer-table.ts";
import { MQ_ACK_TOPIC } from "../wire/wire.ts";
import type { GoopHttp, QuickSettings } from "./goop-http.ts";

/** An answer with a status other than 200 and the message as its body. */
export class HttpError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

interface Route {
  readonly method: "GET" | "POST";
  answer(goop: GoopHttp, body: Record<string, unknown>): unknown;
}

const get = (answer: Route["answer"]): Route => ({ method: "GET", answer });
const post = (answer: Route["answer"]): Route => ({ method: "POST", answer });

/** `first` is true for the first request only. */
const askedModes = new WeakSet<GoopHttp>();

export const routes: Readonly<Record<string, Route>> = {
  "/api/mq/send": post(async ({ node }, body) => {
    const peerId = required(body, "peer_id");
    const topic = required(body, "topic");
    try {
      await node.send(peerId, topic, body.payload ?? null);
    } catch (error) {
      throw new HttpError(504, `delivery failed: ${error instanceof Error ? error.message : error}`);
    }
    // A new id. Nothing relates it to the id that the peer receives.
    return { msg_id: randomUUID(), status: "delivered" };
  }),
  "/api/mq/ack": post(async ({ node }, body) => {
    const msgId = required(body, "msg_id");
    const from = body.from_peer_id;
    if (typeof from === "string" && from !== "") await node.send(from, MQ_ACK_TOPIC, { msg_id: msgId });
    return { status: "ok" };
  }),
  "/api/self": get(({ node }) => ({ id: node.peerId, label: node.label, email: "", avatar_hash: "" })),
  "/api/peers": get(({ node }) => node.table.all().map(listed)),
  "/api/peers/probe": post(async ({ node }) => {
    await Promise.all(node.table.all().map(({ id }) => node.probe(id)));
    return { status: "ok" };
  }),
  "/api/topology": get(({ node }) => ({
    self: { id: node.peerId, label: node.label },
    peers: node.table.all().map((peer) => ({
      id: peer.id,
      label: peer.content,
      reachable: peer.reachable,
      connection: node.isConnected(peer.id) ? "direct" : "none",
      addr: peer.addrs[0] ?? "",
      encryption_supported: peer.encryptionSupported,
    })),
  })),
  "/api/settings/quick/get": get(({ quick }) => quick),
  "/api/settings/quick": post(({ quick }, body) => {
    Object.assign(quick, body as QuickSettings);
    return { status: "ok" };
  }),
  "/api/call/mode": get((goop) => {
    const first = !askedModes.has(goop);
    askedModes.add(goop);
    return { mode: goop.mode, first, platform: goop.platform };
  }),
};

function required(body: Record<string, unknown>, name: string): string {
  const value = body[name];
  if (typeof value !== "string" || value === "") throw new HttpError(400, `missing ${name}`);
  return value;
}

/** The names of a Go struct without tags. PublicKey is present only when known. */
function listed(peer: KnownPeer) {
  return {
    ID: peer.id,
    Content: peer.content,
    Email: "",
    AvatarHash: "",
    VideoDisabled: peer.videoDisabled,
    ActiveTemplate: "",
    ...(peer.publicKey === "" ? {} : { PublicKey: peer.publicKey }),
    Verified: false,
    Reachable: peer.reachable,
    Offline: peer.offline,
    LastSeen: new Date(peer.lastSeen).toISOString(),
    Favorite: false,
  };
}
