// `node program.ts [plugin]`: two hosts in one process call each other, show ten frames each way, and hang up.

import { fileURLToPath } from "node:url";
import { ExampleHost, type Message } from "./host.ts";

const FRAMES = 10;
const ALICE = "12D3KooWA1iceDemoHost11";
const BOB = "12D3KooWBobDemoHost1111";
const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
const ownPlugin = fileURLToPath(new URL(`../../main.${extension}`, import.meta.url));
const pluginPath = process.argv[2];
const plugin = pluginPath === undefined ? [process.execPath, ownPlugin] : [pluginPath];
/** These need no devices. The empty list keeps ICE on this machine. */
const settings = { camera: "test-pattern", microphone: "tone", speaker: "none", iceServers: [] };

/** The network: a real host sends over its own node, and `peerId` is what the connection has proved. */
const hosts = new Map<string, ExampleHost>();
const sendAs = (selfId: string) => async (message: Message) => {
  const peer = hosts.get(message.peerId);
  if (!peer) throw new Error("no such peer");
  peer.receive({ ...message, peerId: selfId });
};

interface Side {
  readonly host: ExampleHost;
  /** Resolves when the plugin can send and receive signals. */
  readonly ready: Promise<void>;
  /** Resolves when the call is connected, rejects when it ends before. */
  readonly connected: Promise<void>;
}

function createSide(selfId: string): Side {
  const [ready, connected] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const host = new ExampleHost({
    selfId,
    plugin,
    settings,
    send: sendAs(selfId),
    onNotification(method, { callId, phase, reason, state }) {
      if (method === "signalling.changed" && state === "ready") ready.resolve();
      if (method === "call.incoming") void host.request("call.accept", { callId });
      if (method === "call.changed") console.log(`${selfId}: ${phase}`);
      if (method === "call.changed" && phase === "connected") connected.resolve();
      if (method === "call.ended") connected.reject(new Error(`the call ended: ${reason}`));
    },
  });
  hosts.set(selfId, host);
  return { host, ready: ready.promise, connected: connected.promise };
}

async function showFrames(host: ExampleHost, name: string, callId: string): Promise<void> {
  const last = Promise.withResolvers<void>();
  const end = await host.showFrames(callId, "remote", ({ seq, width, height }) => {
    // A page would set `dataUrl` as the `src` of an <img> and draw it on its <canvas> here.
    console.log(`${name}: frame ${seq}, ${width} × ${height}`);
    if (seq === FRAMES) last.resolve();
  });
  await last.promise;
  await end();
}

const [alice, bob] = [createSide(ALICE), createSide(BOB)];
try {
  await Promise.all([alice.host.start(), bob.host.start()]);
  await Promise.all([alice.ready, bob.ready]);
  const answer = await alice.host.request("call.start", { peerId: BOB, media: "video" });
  const { callId } = answer as { callId: string };
  await Promise.all([alice.connected, bob.connected]);
  await Promise.all([showFrames(alice.host, ALICE, callId), showFrames(bob.host, BOB, callId)]);
  await alice.host.request("call.hangup", { callId });
} finally {
  await Promise.all([alice.host.stop(), bob.host.stop()]);
}
