// Finds peers on the local network, and is found: DNS-SD (RFC 6763) over multicast DNS (RFC 6762) under the host's name.
// libp2p's own mDNS finds Go peers and is not found by them, since they drop what comes without an address record
// (libp2p/go-libp2p#2275). Knows no libp2p: what it finds is text, for somebody else to check.

import { randomBytes } from "node:crypto";
import type { Answer, TxtData } from "dns-packet";
import multicastDns from "multicast-dns";
import { errorText } from "../../common/error-text.ts";
import type { Log } from "../../log.ts";
import { PeerPacer } from "../contacts/peer-pacer.ts";
import { isWorthTelling } from "../goop-wire/presence-message.ts";
import { MAX_ADDRESSES_PER_CONTACT } from "../timings.ts";

/** The host's, without the leading underscores that others write, whatever its setting says. */
const SERVICE = "goop-mdns.local";
const PREFIX = "dnsaddr=";
/** A string in a TXT record (RFC 1035, section 3.3). */
const MAX_STRING_BYTES = 255;
/** Below what one datagram carries, records and all. */
const MAX_TOLD = 8;
const TTL_S = 120;
/** Nobody looks at it; the addresses have their own ports. */
const DUMMY_PORT = 4001;
/** RFC 6762, section 6: no record is multicast again within a second. */
const ANSWER_PAUSE_MS = 1_000;
/** libp2p's. */
const QUERY_EVERY_MS = 10_000;

export interface MdnsOptions {
  /** Our own multiaddrs, each ending in /p2p/<our peer id>. */
  addresses(): readonly string[];
  /** What an answer claims, our own included: comes again with every answer. */
  onFound(addresses: readonly string[]): void;
  readonly log: Log;
}

/** Runs from its construction until `close`. */
export class Mdns {
  readonly #options: MdnsOptions;
  readonly #instance = randomBytes(16).toString("hex");
  readonly #socket = multicastDns();
  readonly #closing = new AbortController();
  readonly #answering: PeerPacer;
  readonly #timer: NodeJS.Timeout;

  constructor(options: MdnsOptions) {
    this.#options = options;
    this.#answering = new PeerPacer({
      what: "telling the local network, that is,",
      work: async () => this.#answer(TTL_S),
      pauseMs: ANSWER_PAUSE_MS,
      closing: this.#closing.signal,
      log: options.log,
    });
    this.#listen();
    this.#timer = setInterval(() => this.#query(), QUERY_EVERY_MS);
    this.#query();
    this.announce();
  }

  /** Unasked: we have come, or our addresses have changed. */
  announce(): void {
    this.#answering.want("everybody");
  }

  /** Takes back what was told, so that coming back is news. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#closing.abort(new Error("mDNS is closed"));
    await this.#answer(0).catch((error: unknown) =>
      this.#options.log("debug", `mDNS took nothing back: ${errorText(error)}`),
    );
    await new Promise<void>((resolve) => this.#socket.destroy(resolve));
  }

  #listen(): void {
    const { log, onFound } = this.#options;
    this.#socket.on("query", ({ questions }) => {
      if (questions.some(({ name }) => name.toLowerCase() === SERVICE)) this.announce();
    });
    this.#socket.on("response", ({ answers, additionals }) => {
      const addresses = readAddresses([...answers, ...additionals]);
      if (addresses.length > 0 && !this.#closing.signal.aborted) onFound(addresses);
    });
    this.#socket.on("warning", (error: Error) => log("debug", `mDNS: ${errorText(error)}`));
    this.#socket.on("error", (error: Error) => log("warn", `nobody is found by mDNS: ${errorText(error)}`));
  }

  #query(): void {
    this.#socket.query({ questions: [{ name: SERVICE, type: "PTR" }] });
  }

  async #answer(ttl: number): Promise<void> {
    const told = this.#options.addresses().filter(isForLan).slice(0, MAX_TOLD);
    if (told.length === 0) return;
    const name = `${this.#instance}.${SERVICE}`;
    const host = `${this.#instance}.local`;
    // All strings in one TXT record: of several a Go peer keeps the last.
    const additionals: Answer[] = [
      { name, type: "SRV", ttl, data: { target: host, port: DUMMY_PORT } },
      { name, type: "TXT", ttl, data: told.map((address) => `${PREFIX}${address}`) },
      ...addressRecords(told).map((record): Answer => ({ name: host, ttl, ...record })),
    ];
    const answers: Answer[] = [{ name: SERVICE, type: "PTR", ttl, data: name }];
    await new Promise<void>((resolve, reject) => {
      this.#socket.respond({ answers, additionals }, (error) => (error ? reject(error) : resolve()));
    });
  }
}

/** An address of the local network itself: relays and other machines are found otherwise. */
function isForLan(address: string): boolean {
  const isShort = PREFIX.length + address.length <= MAX_STRING_BYTES;
  return isShort && isWorthTelling(address) && !address.includes("/p2p-circuit");
}

type AddressRecord = { readonly type: "A" | "AAAA"; readonly data: string };

function addressRecords(addresses: readonly string[]): AddressRecord[] {
  const ips = addresses.map((address) => /^\/(ip4|ip6)\/([^/]+)\//.exec(address));
  const records = ips.flatMap((found): [string, AddressRecord][] => {
    const [, family, ip] = found ?? [];
    return ip === undefined ? [] : [[ip, { type: family === "ip4" ? "A" : "AAAA", data: ip }]];
  });
  return [...new Map(records).values()];
}

/** Of one instance of the host's service; a record of ours with a TTL of 0 has been taken back. */
function readAddresses(records: readonly Answer[]): string[] {
  const pointers = records.flatMap((record) =>
    record.type === "PTR" && record.name.toLowerCase() === SERVICE && record.ttl !== 0 ? [record.data] : [],
  );
  const strings = records.flatMap((record) =>
    record.type === "TXT" && pointers.includes(record.name) ? textsOf(record.data) : [],
  );
  return strings
    .filter((text) => text.startsWith(PREFIX))
    .map((text) => text.slice(PREFIX.length))
    .slice(0, MAX_ADDRESSES_PER_CONTACT);
}

function textsOf(data: TxtData): string[] {
  return [data].flat().map((one) => (typeof one === "string" ? one : Buffer.from(one).toString("utf8")));
}
