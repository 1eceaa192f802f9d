// The conformance suite for hosts in any language that carry the signals. The rules are in rpc-schema/README.md, "What a host
// that carries the signals must do". The test plays both the plugin and the network.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { commonVersion, contactSchema, methods } from "../../rpc-schema/index.ts";
import {
  AwaitableQueue,
  createFakePluginExecutable,
  type FakePluginProcess,
} from "../support/plugin/fake-plugin-executable.ts";

export interface NetworkMessage {
  readonly peerId: string;
  readonly topic: string;
  readonly payload: Record<string, unknown>;
}

/** The network of the host's node, which the suite provides. */
export interface HostNetwork {
  /** Sends a message of the host's node. Resolves when the peer acknowledged it, rejects when the peer is not reached. */
  send(message: NetworkMessage): Promise<void>;
}

export interface HostUnderTest {
  /** Delivers a peer's message to the host's node. */
  arrives(message: NetworkMessage): void;
  /** Closes the host, as its user does. */
  stop(): Promise<void>;
}

/** Starts the host with this executable as its plugin. Resolves after the host has sent `initialized`. */
export type StartHost = (pluginPath: string, network: HostNetwork) => Promise<HostUnderTest>;

const P1 = "12D3KooWPeerNumber1abcde";
const P2 = "12D3KooWPeerNumber2abcde";
const P3 = "12D3KooWPeerNumber3abcde";
const P4 = "12D3KooWPeerNumber4abcde";

/** A network whose peers answer as the test decides. */
class ScriptedNetwork implements HostNetwork {
  /** In the order in which they reached the peers. */
  readonly reached: NetworkMessage[] = [];
  readonly arrivals = new AwaitableQueue<NetworkMessage>();
  readonly unreachable = new Set<string>();
  readonly #held = new Map<string, Promise<void>>();

  /** Delays the next message of this topic, and only that one, until the returned function is called. */
  hold(topic: string): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held.set(topic, promise);
    return resolve;
  }

  async send(message: NetworkMessage): Promise<void> {
    const held = this.#held.get(message.topic);
    this.#held.delete(message.topic);
    await held;
    if (this.unreachable.has(message.peerId)) throw new Error("no such peer");
    this.reached.push(message);
    this.arrivals.add(message);
  }

  next(topic: string): Promise<NetworkMessage> {
    return this.arrivals.take((message) => message.topic === topic, `a message on ${topic}`);
  }
}

interface Scene {
  readonly plugin: FakePluginProcess;
  readonly host: HostUnderTest;
  readonly network: ScriptedNetwork;
  /** The params of `initialize`. */
  readonly initialized: Record<string, unknown>;
  /** Stops the host, and lets the plugin exit in order. */
  leave(): Promise<void>;
}

async function inScene(start: StartHost, run: (scene: Scene) => Promise<void>): Promise<void> {
  const executable = await createFakePluginExecutable();
  const network = new ScriptedNetwork();
  const starting = start(executable.path, network);
  try {
    const plugin = await executable.nextProcess();
    const initialized = await plugin.initialize();
    const host = await starting;
    await run({ plugin, host, network, initialized, leave: () => leave(plugin, host) });
  } finally {
    // The plugin ends first, because a host waits for a running plugin.
    await executable.close();
    await starting.then((host) => host.stop());
  }
}

async function leave(plugin: FakePluginProcess, host: HostUnderTest): Promise<void> {
  const stopped = host.stop();
  const { id } = await plugin.request("shutdown");
  plugin.write({ id, result: null });
  await Promise.race([plugin.notification("exit"), plugin.inputEnded]);
  plugin.exit();
  await stopped;
}

const request = (peerId: string, callId: string): NetworkMessage => ({
  peerId,
  topic: `call:${callId}`,
  payload: { type: "call-request", mediaType: "video" },
});

export function hostConformance(name: string, start: StartHost): void {
  const scene = (what: string, run: (scene: Scene) => Promise<void>) =>
    test(what, { timeout: 60_000 }, () => inScene(start, run));

  describe(`${name}: start and end`, () => life(scene));
  describe(`${name}: sending for the plugin`, () => sending(scene));
  describe(`${name}: delivery to the plugin`, () => delivering(scene));
  describe(`${name}: faults and death of the plugin`, () => faults(scene));
}

type InScene = (what: string, run: (scene: Scene) => Promise<void>) => void;

function life(scene: InScene): void {
  scene("sends its versions and `carrier`, and `initialized` after the answer", async (now) => {
    const params = methods.initialize.params.parse(now.initialized);
    assert.notEqual(commonVersion(params), null, "host and plugin have to speak a common version");
    assert.ok(params.carrier, "the host has to give its own peer id as carrier.selfId");
    await now.leave();
  });

  scene("sends its contacts after `initialized`", async ({ plugin, leave: end }) => {
    const { params } = await plugin.notification("contacts.set");
    const { contacts } = params as { contacts: unknown[] };
    for (const contact of contacts) contactSchema.parse(contact);
    await end();
  });

  scene("ends with `shutdown`, its answer, and then `exit` or the end of the plugin's input", async (now) => {
    await now.leave();
    assert.deepEqual(now.network.reached, []);
  });

  scene("ends also when the plugin does not answer", async ({ plugin, host }) => {
    await host.stop();
    await plugin.exited;
  });
}

function sending(scene: InScene): void {
  scene("unchanged, and answers null when the peer has acknowledged, not before", async (now) => {
    const { plugin, network } = now;
    const release = network.hold("call:c1");
    const payload = { type: "call-offer", sdp: "v=0\r\n", more: { "grüße 😀": [1, null, { deep: true }] } };
    plugin.send(1, P1, "call:c1", payload);
    plugin.send(2, P2, "call:c2", { type: "call-ack" });
    assert.equal((await plugin.answer(2)).result, null);
    assert.ok(plugin.unread.every(({ id }) => id !== 1));
    release();
    assert.equal((await plugin.answer(1)).result, null);
    assert.deepEqual(await network.next("call:c1"), { peerId: P1, topic: "call:c1", payload });
    await now.leave();
  });

  scene("with the answer peerUnreachable for a peer that it does not reach", async (now) => {
    now.network.unreachable.add(P1);
    now.plugin.send("a", P1, "call:c1", { type: "call-request" });
    const { error } = await now.plugin.answer("a");
    assert.deepEqual([error?.code, error?.data?.name], [1402, "peerUnreachable"]);
    now.network.unreachable.delete(P1);
    now.plugin.send("b", P1, "call:c1", { type: "call-request" });
    assert.equal((await now.plugin.answer("b")).result, null);
    now.plugin.send("c", P1, "call:c1", { type: "call-hangup" });
    await now.plugin.answer("c");
    await now.leave();
  });

  scene(
    "in order on each topic, also behind a slow message, while no topic waits for another",
    async (now) => {
      const { plugin, network } = now;
      const release = network.hold("call:slow");
      for (let nth = 0; nth < 10; nth += 1) {
        plugin.send(`slow${nth}`, P1, "call:slow", { type: "ice-candidate", nth });
        plugin.send(`fast${nth}`, P2, "call:fast", { type: "ice-candidate", nth });
      }
      for (let nth = 0; nth < 10; nth += 1) await plugin.answer(`fast${nth}`);
      release();
      for (let nth = 0; nth < 10; nth += 1) await plugin.answer(`slow${nth}`);
      for (const topic of ["call:slow", "call:fast"]) {
        const order = network.reached.filter((message) => message.topic === topic);
        assert.deepEqual(
          order.map(({ payload }) => payload.nth),
          [...Array(10).keys()],
        );
      }
      plugin.write({ method: "call.ended", params: ended(P1, "slow") });
      plugin.write({ method: "call.ended", params: ended(P2, "fast") });
      await now.leave();
    },
  );
}

function delivering(scene: InScene): void {
  scene("of each message unchanged, with the sender that the connection proved", async (now) => {
    const payload = { type: "call-offer", sdp: "v=0\r\n", from: P3, more: { "grüße 😀": [1, null] } };
    now.host.arrives({ peerId: P1, topic: "call:c1", payload });
    const { id, params } = await now.plugin.request("signal.deliver");
    assert.deepEqual(params, { from: P1, topic: "call:c1", payload });
    now.plugin.write({ id, result: null });
    await now.leave();
  });

  scene("in the order of arrival, without waiting for answers", async ({ plugin, host, leave: end }) => {
    for (let nth = 0; nth < 20; nth += 1) {
      host.arrives({ peerId: P1, topic: `call:c${nth % 2}`, payload: { type: "ice-candidate", nth } });
    }
    const ids = new Set<unknown>();
    for (let nth = 0; nth < 20; nth += 1) {
      const { id, params } = await plugin.request("signal.deliver");
      assert.deepEqual(params?.payload, { type: "ice-candidate", nth });
      ids.add(id);
    }
    assert.equal(ids.size, 20);
    for (const id of ids) plugin.write({ id, result: null });
    await end();
  });

  scene("of messages on the topics of calls only", async ({ plugin, host, leave: end }) => {
    for (const topic of ["chat", "identity", "group:x", "call", "CALL:x"]) {
      host.arrives({ peerId: P1, topic, payload: { type: "call-request" } });
    }
    host.arrives({ peerId: P1, topic: "call:c1", payload: { type: "call-ack" } });
    const { id, params } = await plugin.request("signal.deliver");
    assert.equal(params?.topic, "call:c1");
    plugin.write({ id, result: null });
    await end();
  });

  scene(
    "of a message only once, also when the plugin refuses it",
    async ({ plugin, host, network, leave: end }) => {
      host.arrives(request(P1, "c1"));
      const { id } = await plugin.request("signal.deliver");
      plugin.write({ id, error: { code: -32603, message: "a bug" } });
      host.arrives({ peerId: P1, topic: "call:c1", payload: { type: "call-hangup" } });
      const next = await plugin.request("signal.deliver");
      assert.deepEqual(next.params?.payload, { type: "call-hangup" });
      plugin.write({ id: next.id, result: null });
      await end();
      assert.deepEqual(network.reached, []);
    },
  );
}

const ended = (peerId: string, callId: string) => ({
  callId,
  peerId,
  reason: "hungUp",
  endedBy: "local",
  durationMs: 0,
});

/** Creates calls of every kind: c1 and c2 are open, the others have ended. */
async function openCalls({ plugin, host, network }: Scene): Promise<void> {
  plugin.send(1, P1, "call:c1", { type: "call-request" });
  host.arrives(request(P2, "c2"));
  plugin.send(3, P3, "call:c3", { type: "call-request" });
  await plugin.answer(3);
  plugin.send(4, P3, "call:c3", { type: "call-hangup" });
  host.arrives(request(P4, "c4"));
  host.arrives({ peerId: P4, topic: "call:c4", payload: { type: "call-hangup" } });
  plugin.send(5, P4, "call:c5", { type: "call-request" });
  for (const id of [1, 4, 5]) await plugin.answer(id);
  plugin.write({ method: "call.ended", params: ended(P4, "c5") });
  for (let nth = 0; nth < 3; nth += 1) {
    const { id } = await plugin.request("signal.deliver");
    plugin.write({ id, result: null });
  }
  // The host reads messages in order, so it has read `call.ended` when it answers this.
  plugin.send("last", P3, "call:c3", { type: "call-hangup" });
  await plugin.answer("last");
  network.reached.length = 0;
}

function faults(scene: InScene): void {
  for (const [how, go] of [
    ["is killed", (plugin: FakePluginProcess) => plugin.kill()],
    ["exits without a message", async (plugin: FakePluginProcess) => plugin.exit()],
  ] as const) {
    scene(`sends one hang-up for every open call when the plugin ${how}`, async (now) => {
      await openCalls(now);
      await go(now.plugin);
      for (const topic of ["call:c1", "call:c2"]) {
        await now.network.arrivals.take(
          (message) => message.topic === topic && message.payload.type === "call-hangup",
          `the hang-up on ${topic}`,
        );
      }
      await now.host.stop();
      const hangUps = now.network.reached.map(({ peerId, topic, payload }) => [peerId, topic, payload.type]);
      assert.deepEqual(hangUps.sort(), [
        [P1, "call:c1", "call-hangup"],
        [P2, "call:c2", "call-hangup"],
      ]);
    });
  }

  scene("ends when the plugin died and the peers are unreachable", async (now) => {
    await openCalls(now);
    for (const peer of [P1, P2]) now.network.unreachable.add(peer);
    await now.plugin.kill();
    await now.host.stop();
    assert.deepEqual(now.network.reached, []);
  });

  scene("continues after noise, answers without requests, and malformed requests", async (now) => {
    const { plugin, network } = now;
    plugin.writeRaw("ALSA lib pcm.c:2495:(snd_pcm_open_noupdate) Unknown PCM\n\n{\n[]\nnull\n7\n");
    plugin.writeRaw(Buffer.from([0xff, 0xfe, 0x00, 0x0a]));
    plugin.write({ id: 4711, result: null });
    plugin.write({ id: null, error: { code: -32700, message: "what?" } });
    plugin.write({ method: "call.dance", params: {} });
    plugin.write({ method: "call.ended", params: { nonsense: true } });
    const wrong: [string, string, unknown, number][] = [
      ["unknown", "signal.teleport", {}, -32601],
      ["empty", "signal.send", {}, -32602],
      ["noPeer", "signal.send", { peerId: "x", topic: "call:c", payload: {} }, -32602],
      ["noCall", "signal.send", { peerId: P1, topic: "chat", payload: {} }, -32602],
      ["noObject", "signal.send", { peerId: P1, topic: "call:c", payload: "call-hangup" }, -32602],
    ];
    for (const [id, method, params, code] of wrong) {
      plugin.write({ id, method, params });
      assert.equal((await plugin.answer(id)).error?.code, code, id);
    }
    assert.deepEqual(network.reached, []);
    plugin.send("good", P1, "call:c1", { type: "call-hangup" });
    assert.equal((await plugin.answer("good")).result, null);
    await now.leave();
  });
}
