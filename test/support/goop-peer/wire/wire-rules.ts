// Checks received messages against the wire's description (sections in brackets).

import { endOfFirstObject } from "./json-value.ts";
import { isRecord } from "./wire.ts";
import type { ReceivedStream } from "./wire-log.ts";

type Fields = Record<string, unknown>;

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const ENVELOPE = ["type", "id", "seq", "topic", "payload"];
/** The plugin's own types. Goop² ignores unknown types. */
const OWN_TYPES = ["call-ringing", "call-media"];

/** @returns one sentence for each deviation */
export function findDeviations(streams: readonly ReceivedStream[]): string[] {
  const ids = streams.map(({ message }) => message.id);
  const twice = ids.filter((id, index) => ids.indexOf(id) !== index);
  return [
    ...twice.map((id) => `the id ${id} was used twice [2.2]`),
    ...streams.flatMap((stream) => [...envelopeFaults(stream), ...payloadFaults(stream)]),
  ].sort();
}

function envelopeFaults({ text, message }: ReceivedStream): string[] {
  const { type, id, seq, topic } = message;
  const after = text.slice(endOfFirstObject(text));
  const faults: [boolean, string][] = [
    [after === "\n", `one message and a newline per stream, not also ${JSON.stringify(after)} [2.1]`],
    [sameKeys(message, ENVELOPE), `fields ${Object.keys(message)} [2.2]`],
    [type === "msg", `type ${type} [2.2]`],
    [typeof id === "string" && UUID_V4.test(id), `id ${id} is no UUID v4 [2.2]`],
    [
      Number.isSafeInteger(seq) && Number(seq) > Date.UTC(2024, 0),
      `seq ${seq} may repeat an older one [2.2]`,
    ],
    [isKnownTopic(String(topic)), `topic ${topic} [2.6]`],
  ];
  return faults.filter(([isFine]) => !isFine).map(([, what]) => `${topic}: ${what}`);
}

function isKnownTopic(topic: string): boolean {
  if (["identity", "identity.response", "mq.ack"].includes(topic)) return true;
  // A call id is part of a path of Goop²'s HTTP API [3.1].
  return /^call:[A-Za-z0-9_-]{1,256}$/.test(topic);
}

function payloadFaults({ message, payload, wasSealed, from }: ReceivedStream): string[] {
  const { topic } = message;
  if (wasSealed && !isSealed(message.payload)) return [`${topic}: not {enc} alone [2.5]`];
  if (wasSealed && payload === message.payload) return [`${topic}: cannot be opened [2.5]`];
  if (topic === "identity") return payload === null ? [] : ["identity: payload is not null [2.6]"];
  if (!isRecord(payload)) return [`${topic}: payload ${JSON.stringify(payload)}`];
  if (topic === "identity.response") return identityFaults(payload, from);
  if (topic === "mq.ack") return typeof payload.msg_id === "string" ? [] : ["mq.ack: no msg_id [2.6]"];
  return callFaults(String(topic).slice("call:".length), payload);
}

function isSealed(payload: unknown): boolean {
  if (!isRecord(payload) || !sameKeys(payload, ["enc"]) || typeof payload.enc !== "string") return false;
  return BASE64.test(payload.enc) && payload.enc.length >= 56;
}

function identityFaults(payload: Fields, from: string): string[] {
  const { peerID, content, reachable, publicKey } = payload;
  const faults: [boolean, string][] = [
    [peerID === from, `peerID ${peerID}`],
    [typeof content === "string" && content !== "", `content ${content}`],
    [reachable === true, `reachable ${reachable}`],
    [
      publicKey === undefined || (typeof publicKey === "string" && publicKey.length === 44),
      `key ${publicKey}`,
    ],
  ];
  return faults.filter(([isFine]) => !isFine).map(([, what]) => `identity.response: ${what} [2.6]`);
}

type Rule = (payload: Fields, channel: string) => boolean;

const isKind = (value: unknown): boolean => value === "audio" || value === "video";
const isMode = (value: unknown): boolean => value === "native" || value === "browser";
const isText = (value: unknown): boolean => typeof value === "string" && value !== "";
const isSdp = (value: unknown): boolean =>
  typeof value === "string" && value.startsWith("v=0\r\n") && /\r\nm=(audio|video) /.test(value);

/** [3.2, 3.4, 3.7] Receivers ignore other fields, so only these are checked. */
const RULES: Readonly<Record<string, Rule>> = {
  "call-request": ({ mode, platform, mediaType }) => isMode(mode) && isText(platform) && isKind(mediaType),
  "call-ack": ({ mode, platform }) => isMode(mode) && isText(platform),
  "call-offer": ({ sdp }) => isSdp(sdp),
  "call-answer": ({ sdp }) => isSdp(sdp),
  "ice-candidate": ({ candidate }) => isRecord(candidate) && isCandidate(candidate),
  "call-hangup": () => true,
  "call-reconnect": ({ channelId, mediaType }, channel) => channelId === channel && isKind(mediaType),
  "call-reconnect-ack": ({ mode, platform }) => isMode(mode) && isText(platform),
};

/** As Go parses it: strings, and an m-line. */
function isCandidate({ candidate, sdpMid, sdpMLineIndex, usernameFragment }: Fields): boolean {
  const isLine = typeof candidate === "string" && /^candidate:\S+ \d+ (udp|tcp) /i.test(candidate);
  const isMid = typeof sdpMid === "string" && sdpMid !== "";
  const isFragment = usernameFragment === null || usernameFragment === undefined || isText(usernameFragment);
  return isLine && isMid && Number.isInteger(sdpMLineIndex) && isFragment;
}

function callFaults(channel: string, payload: Fields): string[] {
  const type = String(payload.type);
  if (OWN_TYPES.includes(type)) return [];
  const rule = RULES[type];
  if (!rule) return [`${type}: not a type of Goop² [3.2]`];
  return rule(payload, channel) ? [] : [`${type}: ${JSON.stringify(payload).slice(0, 300)} [3.2]`];
}

function sameKeys(fields: Fields, keys: readonly string[]): boolean {
  return Object.keys(fields).sort().join() === [...keys].sort().join();
}
