// Which candidates of a peer the engine may use. The engine sends packets to every address that a candidate names, so a
// peer could make it send to this machine's own services, or to a whole network. Pure.

import { OwnNetworks, scopeOf } from "../common/ip-address.ts";
import { machineInterfaces } from "../common/machine-interfaces.ts";
import type { PeerPlace } from "../common/peer-place.ts";
import { attributeName, splitLines } from "./sdp.ts";

/** Ports below are those of services. ICE, TURN (RFC 8656 section 7.2) and NATs assign higher ones. */
const MIN_PORT = 1024;
const MAX_PORT = 65_535;
/** Of visible ASCII characters. */
const FIELD = /^[!-~]+$/;
const TYPES: ReadonlySet<string> = new Set(["host", "srflx", "prflx", "relay"]);
const LOCAL_SUFFIX = ".local";
const MAX_LABEL_CHARS = 63;
const ADDRESS_FIELD = 4;
/** Of one name: one of each family, and another network. */
const MAX_ADDRESSES = 3;

/** What decides about an address. */
export interface CandidateView {
  readonly place: PeerPlace;
  readonly own: OwnNetworks;
}

/** As of now. */
export function candidateView(place: PeerPlace): CandidateView {
  return { place, own: new OwnNetworks(machineInterfaces()) };
}

/**
 * @param line a candidate such as `candidate:1 1 udp 2122260223 192.0.2.1 50000 typ host`, also with `a=` before it
 * @returns why the engine must not get it; null if it may
 */
export function whyRefused(line: string, view: CandidateView): string | null {
  const fields = fieldsOf(line);
  const [first = "", , transport = "", , address = "", port = "", typ, type = ""] = fields;
  const isWellFormed = first.startsWith("candidate:") && typ === "typ" && TYPES.has(type);
  if (!isWellFormed || !fields.every((field) => FIELD.test(field))) return "it is malformed";
  // The system would connect to any port that a peer names. Both sides also have UDP, and TURN servers have TCP for us.
  if (transport.toLowerCase() !== "udp") return "its transport is not UDP";
  return whyNoPort(port) ?? whyNoAddress(address, view);
}

/**
 * Keeps only those candidates of a description that `isUsable` accepts.
 * @param isUsable called once for each, with the index of its section; -1 before the first m-line
 */
export function withCandidatesThat(
  isUsable: (candidate: string, section: number) => boolean,
  sdp: string,
): string {
  let section = -1;
  const kept = splitLines(sdp).filter((line) => {
    if (line.startsWith("m=")) section += 1;
    return attributeName(line) !== "candidate" || isUsable(line.trim(), section);
  });
  return kept.join("");
}

/** @returns the name of multicast DNS in place of an address, of a candidate that {@link whyRefused} allows; null for an address */
export function localNameIn(line: string): string | null {
  const [, , , , address = ""] = fieldsOf(line);
  return isLocalName(address) ? address : null;
}

/** @returns the candidate with each of the addresses that the peer may name, in place of its name; none for a line without one */
export function withAddresses(line: string, addresses: readonly string[], view: CandidateView): string[] {
  const fields = fieldsOf(line);
  if (fields.length <= ADDRESS_FIELD) return [];
  return addresses
    .filter((address) => whyNoAddress(address, view) === null && scopeOf(address) !== null)
    .slice(0, MAX_ADDRESSES)
    .map((address) => fields.with(ADDRESS_FIELD, address).join(" "));
}

function fieldsOf(line: string): string[] {
  const text = line.trim();
  return (text.startsWith("a=") ? text.slice("a=".length) : text).split(" ");
}

function whyNoPort(text: string): string | null {
  const port = Number(text);
  const isPort = String(port) === text && Number.isInteger(port) && port >= MIN_PORT && port <= MAX_PORT;
  return isPort ? null : `its port is not between ${MIN_PORT} and ${MAX_PORT}`;
}

function whyNoAddress(address: string, { place, own }: CandidateView): string | null {
  const scope = scopeOf(address);
  // The engine would look up any other name, and a peer can make a name lead anywhere.
  if (scope === null) return isLocalName(address) ? null : "its address is no IP address and no .local name";
  if (scope === "loopback" && place !== "machine") return "its address is a loopback address";
  if (scope === "linkLocal" && place !== "machine" && place !== "link")
    return "its address is a link-local address";
  if (scope !== "ordinary" && scope !== "loopback" && scope !== "linkLocal")
    return `its address is ${scope === "unspecified" ? "unspecified" : `a ${scope} address`}`;
  if (own.isBroadcast(address)) return "its address is a broadcast address";
  const isElsewhere = place === "link" || place === "network";
  if (isElsewhere && own.isOwn(address)) return "its address is one of this machine";
  return null;
}

/** A name that a browser made up for multicast DNS: one label before `.local`. */
function isLocalName(address: string): boolean {
  const label = address.slice(0, -LOCAL_SUFFIX.length);
  return (
    address.toLowerCase().endsWith(LOCAL_SUFFIX) &&
    label.length > 0 &&
    label.length <= MAX_LABEL_CHARS &&
    !label.includes(".")
  );
}
