// Queries and answers mDNS like the zeroconf library of Go peers. An entry is valid only with an address record for the host
// in its SRV record, and only the last of several TXT records is kept. The arguments are its own multiaddr and its role:
// "ask", "answer" or "both". It prints each valid entry as a JSON line.

import type { Answer } from "dns-packet";
import multicastDns from "multicast-dns";

const SERVICE = "goop-mdns.local";
const INSTANCE = "zeroconfzeroconfzeroconfzeroconf";
/** The library repeats its query after 4 s, then less often, which is too slow for a test. */
const ASK_EVERY_MS = 500;
const [own = "", role = "both"] = process.argv.slice(2);
const ip = own.split("/")[2] ?? "";

const socket = multicastDns();
const answers: Answer[] = [{ name: SERVICE, type: "PTR", ttl: 120, data: `${INSTANCE}.${SERVICE}` }];
const additionals: Answer[] = [
  { name: `${INSTANCE}.${SERVICE}`, type: "SRV", ttl: 120, data: { target: "gopher.local", port: 4001 } },
  { name: `${INSTANCE}.${SERVICE}`, type: "TXT", ttl: 120, data: [`dnsaddr=${own}`] },
  { name: "gopher.local", type: "A", ttl: 120, data: ip },
];

socket.on("query", ({ questions }) => {
  if (role !== "ask" && questions.some(({ name, type }) => name === SERVICE && type === "PTR")) {
    socket.respond({ answers, additionals });
  }
});

interface Entry {
  host?: string;
  text?: string[];
  ips: string[];
}

socket.on("response", (packet) => {
  const records = [...packet.answers, ...packet.authorities, ...packet.additionals];
  const entries = new Map<string, Entry>();
  const entry = (name: string) => {
    const known = entries.get(name) ?? { ips: [] };
    entries.set(name, known);
    return known;
  };
  for (const record of records) {
    if (record.type === "PTR" && record.name === SERVICE) entry(record.data);
    if (record.type === "SRV" && record.name.endsWith(SERVICE)) entry(record.name).host = record.data.target;
    if (record.type === "TXT" && record.name.endsWith(SERVICE)) {
      entry(record.name).text = [record.data].flat().map((one) => one.toString());
    }
  }
  for (const record of records) {
    if (record.type !== "A" && record.type !== "AAAA") continue;
    for (const one of entries.values()) if (one.host === record.name) one.ips.push(record.data);
  }
  for (const [name, { text = [], ips }] of entries) {
    if (ips.length > 0 && !name.startsWith(INSTANCE)) {
      process.stdout.write(`${JSON.stringify({ ips, text })}\n`);
    }
  }
});

if (role !== "answer")
  setInterval(() => socket.query({ questions: [{ name: SERVICE, type: "PTR" }] }), ASK_EVERY_MS);
