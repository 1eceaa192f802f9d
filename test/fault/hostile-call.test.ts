// A peer in an accepted call sends the worst descriptions and candidates that fit into a signal, to a real process with the
// real engine. It goes on answering its host as fast as for harmless texts of the same size.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { connectPlugin } from "../../plugin/rpc/host-link.ts";
import { PROTOCOL_VERSION } from "../../rpc-schema/index.ts";

const MAIN = fileURLToPath(new URL("../../plugin/main.ts", import.meta.url));
const SELF = "12D3KooWTheHost1tse1f111";
const MAX_SDP_CHARS = 256 * 1024;
/** A reader that takes the square of its text takes hundreds of times as long. */
const MAX_RATIO = 20;

const HEAD = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n";
const VIDEO = "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=rtpmap:96 VP8/90000\r\n";
/** As much as a signal may hold. */
const filled = (start: string, pump: string) =>
  start + pump.repeat(Math.floor((MAX_SDP_CHARS - start.length) / pump.length));
const HOSTILE: readonly [name: string, sdp: string][] = [
  ["an extension with a long number", filled(`${HEAD}a=extmap:`, "1")],
  ["feedback for every codec", filled(HEAD + VIDEO, "a=rtcp-fb:* nack\r\n")],
  ["parameters of a codec", filled(HEAD + VIDEO, "a=fmtp:96 x=1\r\n")],
  ["sections", filled(HEAD, "m=audio 9 X 0\r\n")],
  ["a name that does not end", filled(`${HEAD + VIDEO}a=candidate:1 1 udp 1 `, "a-")],
  ["candidates", filled(HEAD + VIDEO, "a=candidate:1 1 udp 1 127.0.0.1 5000 typ host\r\n")],
  ["empty lines", filled(HEAD, "\n")],
  ["one endless line", filled(`${HEAD}a=`, "x")],
  ["one endless name of a codec", filled(`${HEAD + VIDEO}a=rtpmap:96 `, "VP8/")],
  ["groups", filled(HEAD, "a=group:BUNDLE 0 0 0 0\r\n")],
  ["sources", filled(HEAD + VIDEO, "a=ssrc:1 cname:x\r\n")],
];

/** Stray texts, which the mask of the event log reads. */
const STRAY: readonly [name: string, text: string][] = [
  ["numbers like addresses", filled("", "1.1.1.")],
  ["colons like addresses", filled("", "f:")],
  ["labels like names", filled("", "a-a.")],
  ["paths like devices", filled("", "/dev/")],
  ["words like credentials", filled("", "ufrag ")],
];

/** One kind for each way to make the engine send where it should not, or to cost it something. */
type Candidates = readonly [name: string, address: (index: number) => string, transport?: string];
const LOOPBACK: Candidates = ["loopback addresses", (index) => `127.0.0.1 ${2000 + index}`];
const CANDIDATES: Candidates[] = [
  ["names of multicast DNS", (index) => `name-${index}.local ${2000 + index}`],
  ["zones of IPv6", (index) => `fe80::1%lo ${2000 + index}`],
  ["loopback addresses within IPv6", (index) => `::ffff:127.0.0.1 ${2000 + index}`],
  ["ports of services", (index) => `192.0.2.1 ${index % 1024}`],
  ["TCP", (index) => `192.0.2.1 ${2000 + index}`, "tcp"],
  ["groups and broadcasts", (index) => `${index % 2 ? "224.0.0.251" : "255.255.255.255"} 5353`],
];

const folder = await mkdtemp(join(tmpdir(), "hostile-call-"));
const child = spawn(process.execPath, [MAIN, "--log-level", "error"], { stdio: ["pipe", "pipe", "inherit"] });
const exited = once(child, "exit");
const sent: { topic: string; type: unknown }[] = [];
const incoming = new Set<string>();
const ended = new Set<string>();
let wake: () => void = () => undefined;
const host = connectPlugin(child.stdin, child.stdout);
host.onRequest("signal.send", async ({ topic, payload }) => {
  sent.push({ topic, type: payload.type });
  wake();
  return null;
});
after(async () => {
  child.kill("SIGKILL");
  await exited;
  await rm(folder, { recursive: true });
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds())
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
}

/** Each call has a peer of its own, because one peer may ring a few times only. The host knows them all, as strangers share. */
const PEERS = Array.from("ABCDEFGHJKLMNPQRSTUVWXYZabcdefgh", (letter) => `12D3KooWHosti1ePeer${letter}`);
const callIds: string[] = [];
function peerOf(callId: string): string {
  if (!callIds.includes(callId)) callIds.push(callId);
  return PEERS[callIds.indexOf(callId)] ?? "";
}

const deliver = (callId: string, payload: Record<string, unknown>) =>
  host.request("signal.deliver", { from: peerOf(callId), topic: `call:${callId}`, payload });

/** Asks for the calls again and again until `isOver`. @returns the longest wait for an answer, in milliseconds */
async function longestWait(first: Promise<unknown>, isOver: () => boolean): Promise<number> {
  let longest = 0;
  do {
    const startedAt = performance.now();
    await host.request("call.list", {});
    longest = Math.max(longest, performance.now() - startedAt);
    await new Promise((resolve) => setImmediate(resolve));
  } while (!isOver());
  await first;
  return longest;
}

/** The peer calls, and our user accepts. */
async function accepted(callId: string): Promise<void> {
  await deliver(callId, { type: "call-request", mode: "native", mediaType: "audio" });
  await until(() => incoming.has(callId));
  await host.request("call.accept", { callId });
  await until(() => sent.some(({ topic, type }) => topic === `call:${callId}` && type === "call-ack"));
}

describe("while a peer in an accepted call sends", { timeout: 120_000 }, () => {
  let harmlessMs = 0;

  test("harmless texts, the plugin starts and answers its host", async () => {
    for (const [name, calls] of [["call.incoming", incoming] as const, ["call.ended", ended] as const]) {
      host.onNotification(name, ({ callId }) => {
        calls.add(callId);
        wake();
      });
    }
    await host.request("initialize", {
      protocolVersion: PROTOCOL_VERSION,
      ...{ host: { name: "test" }, identity: { label: "Alice" }, carrier: { selfId: SELF }, dataDir: folder },
      settings: { recording: "masked", camera: "none", microphone: "none", speaker: "none", iceServers: [] },
    });
    host.notify("initialized", {});
    const known = { label: "", addresses: [], reachable: true, videoDisabled: false };
    host.notify("contacts.set", { contacts: PEERS.map((peerId) => ({ peerId, ...known })) });
    await accepted("harmless");
    const offer = { type: "call-offer", sdp: filled("v=0\r\na=", "x ") };
    harmlessMs = await longestWait(deliver("harmless", offer), () => ended.has("harmless"));
  });

  for (const [name, sdp] of HOSTILE) {
    test(`an offer with ${name}, the host is answered as soon as with a harmless one`, async () => {
      const callId = name.replaceAll(" ", "-");
      await accepted(callId);
      const longest = await longestWait(deliver(callId, { type: "call-offer", sdp }), () =>
        ended.has(callId),
      );
      assert.ok(longest < MAX_RATIO * harmlessMs, `${longest} ms, and ${harmlessMs} ms for a harmless text`);
    });
  }

  for (const [name, text] of STRAY) {
    test(`stray signals with ${name} while the event log is masked, the host is answered as soon`, async () => {
      const signal = { type: "call-media", microphone: true, camera: true, why: text, new: { text } };
      const offer = { type: "call-offer", sdp: text };
      const all = [signal, offer].map((payload) => deliver(`stray-${name.replaceAll(" ", "-")}`, payload));
      const longest = await longestWait(Promise.all(all), () => true);
      assert.ok(longest < MAX_RATIO * harmlessMs, `${longest} ms, and ${harmlessMs} ms for a harmless text`);
    });
  }

  for (const [name, address, transport = "udp"] of [LOOPBACK, ...CANDIDATES]) {
    test(`1,000 candidates with ${name}, the host is answered too`, async () => {
      const callId = `candidates-${name.replaceAll(" ", "-")}`;
      await accepted(callId);
      const all = Array.from({ length: 1000 }, (_, index) => {
        const candidate = `candidate:1 1 ${transport} 1 ${address(index)} typ host`;
        return deliver(callId, { type: "ice-candidate", candidate: { candidate, sdpMid: "0" } });
      });
      let isDone = false;
      const delivered = Promise.all(all).finally(() => {
        isDone = true;
      });
      const longest = await longestWait(delivered, () => isDone);
      assert.ok(
        longest < MAX_RATIO * harmlessMs * 2,
        `${longest} ms, and ${harmlessMs} ms for a harmless text`,
      );
      await host.request("call.hangup", { callId });
      await until(() => ended.has(callId));
    });
  }

  test("all of it, the host can read what was refused", async () => {
    const { refusals } = await host.request("debug.refusals", {});
    const counts = new Map(refusals.map(({ reason, count }) => [reason, count]));
    assert.ok((counts.get("description") ?? 0) >= HOSTILE.length - 2, JSON.stringify(refusals));
    assert.ok((counts.get("candidate") ?? 0) >= 1000 * CANDIDATES.length, JSON.stringify(refusals));
  });
});
