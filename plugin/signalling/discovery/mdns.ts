// Discovery on the local network: DNS-SD (RFC 6763) over multicast DNS (RFC 6762) with Goop²'s service name. Go peers do not
// find libp2p's own mDNS, because they drop answers without an address record (libp2p/go-libp2p#2275). The addresses that
// this module reports are unchecked text.

import { randomBytes } from "node:crypto";
import type { Answer, TxtData } from "dns-packet";
import multicastDns from "multicast-dns";
import { errorText } from "../../common/error-text.ts";
import type { Log } from "../../log.ts";
import { PeerPacer } from "../contacts/peer-pacer.ts";
import { isRoutableAddress } from "../goop-wire/presence-message.ts";
import { MAX_ADDRESSES_PER_CONTACT } from "../timings.ts";

/** Goop²'s service name. It lacks the usual leading underscores, and ignores Goop²'s setting for it. */
const SERVICE = "goop-mdns.local";
const PREFIX = "dnsaddr=";
/** A string in a TXT record (RFC 1035, section 3.3). */
const MAX_STRING_BYTES = 255;
/** Together with their records, these fit into one datagram. */
const MAX_ANNOUNCED = 8;
const TTL_S = 120;
/** Not used by peers, because each address has its own port. */
const DUMMY_PORT = 4001;
/** A record must not be multicast twice within a second (RFC 6762, section 6). */
const ANSWER_PAUSE_MS = 1_000;
/** The interval of libp2p's own mDNS. */
const QUERY_EVERY_MS = 10_000;

interface MdnsOptions {
  /** Our multiaddrs, each ending in /p2p/<our peer id>. */
  addresses(): readonly string[];
  /** The addresses in an answer. Repeats with every answer, and also reports our own. */
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
      what: "announcing our addresses to",
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

  /** Sends an unsolicited answer, after the start or when our addresses changed. */
  announce(): void {
    this.#answering.schedule("the local network");
  }

  /** Withdraws our records, so that other peers notice our return. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#closing.abort(new Error("mDNS is closed"));
    await this.#answer(0).catch((error: unknown) =>
      this.#options.log("debug", `mDNS did not withdraw our records: ${errorText(error)}`),
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
    this.#socket.on("error", (error: Error) => log("warn", `mDNS discovery failed: ${errorText(error)}`));
  }

  #query(): void {
    this.#socket.query({ questions: [{ name: SERVICE, type: "PTR" }] });
  }

  async #answer(ttl: number): Promise<void> {
    const announced = this.#options.addresses().filter(isLanAddress).slice(0, MAX_ANNOUNCED);
    if (announced.length === 0) return;
    const name = `${this.#instance}.${SERVICE}`;
    const host = `${this.#instance}.local`;
    // One TXT record holds all strings, because a Go peer keeps only the last of several TXT records.
    const additionals: Answer[] = [
      { name, type: "SRV", ttl, data: { target: host, port: DUMMY_PORT } },
      { name, type: "TXT", ttl, data: announced.map((address) => `${PREFIX}${address}`) },
      ...addressRecords(announced).map((record): Answer => ({ name: host, ttl, ...record })),
    ];
    const answers: Answer[] = [{ name: SERVICE, type: "PTR", ttl, data: name }];
    await new Promise<void>((resolve, reject) => {
      this.#socket.respond({ answers, additionals }, (error) => (error ? reject(error) : resolve()));
    });
  }
}

/** mDNS announces only addresses on the local network, and relayed addresses are announced by presence. */
function isLanAddress(address: string): boolean {
  const isShort = PREFIX.length + address.length <= MAX_STRING_BYTES;
  return isShort && isRoutableAddress(address) && !address.includes("/p2p-circuit");
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

/** Reads the addresses of Goop² instances. A TTL of 0 means that the record was withdrawn. */
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
