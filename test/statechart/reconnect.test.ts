// A new connection on both sides, as after a page reload, and the recovery of a lost path for each remote implementation.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Signal } from "../../rpc-schema/index.ts";
import {
  ACK,
  ANSWER,
  CALL,
  CANDIDATE,
  connectedOut,
  ManagerBench,
  OFFER,
  PATHS,
  type PathName,
  requestOf,
  ringingOut,
  settled,
} from "./support/start-manager.ts";

const RECONNECT: Signal = { type: "call-reconnect", channelId: CALL, mediaType: "video" };
const RECONNECT_ACK: Signal = { type: "call-reconnect-ack", mode: "browser", platform: "windows" };
const MEDIA: Signal = { type: "call-media", microphone: true, camera: true };
const BROWSER_ACK: Signal = { type: "call-ack", mode: "browser", platform: "windows" };
const BROWSER_REQUEST: Signal = { ...requestOf(), mode: "browser" } as Signal;
const SCRIPT_REQUEST: Signal = { type: "call-request", constraints: { video: true } };
const GO_REQUEST: Signal = { type: "call-request", mode: "native", platform: "linux", mediaType: "video" };
const lost = { type: "peer.disconnected" } as const;
const back = { type: "peer.connected" } as const;
const offerOf = (sdp: string): Signal => ({ type: "call-offer", sdp });
const answerOf = (sdp: string): Signal => ({ type: "call-answer", sdp });
const connection = (manager: ManagerBench) => manager.activity("peerConnection").commands;
const sdps = (manager: ManagerBench, name: string) =>
  manager.effects.inputs(name).map((input) => (input as { sdp: string }).sdp);

async function connectedOutTo(ack: Signal): Promise<ManagerBench> {
  const manager = new ManagerBench();
  await manager.startCall();
  await manager.receive(ack);
  await manager.receive(ANSWER);
  await manager.sendEngineEvent(back);
  return manager;
}

async function connectedInFrom(request: Signal, options = {}): Promise<ManagerBench> {
  const manager = new ManagerBench(options);
  await manager.receive(request);
  await manager.accept();
  await manager.receive(OFFER);
  await manager.sendEngineEvent(back);
  return manager;
}

const inCall: PathName[] = [
  "awaitingAnswer",
  "awaitingOffer",
  "connectedOut",
  "connectedIn",
  "reconnectingOut",
  "reconnectingIn",
];

describe("call-reconnect from the other side", () => {
  for (const name of inCall) {
    test(`is acknowledged while the call is ${name}; its offer is answered on a connection without negotiated state`, async () => {
      const manager = await PATHS[name]();
      const devices = manager.effects.running("camera").length;
      await manager.receive(RECONNECT);
      assert.deepEqual(manager.effects.inputs("sendReconnectAck"), [{ callId: CALL, peerId: "bob" }]);
      // Without negotiated state the connection needs no replacement.
      assert.deepEqual(connection(manager), name === "awaitingOffer" ? [] : ["connection.renew"]);
      await manager.receive(offerOf("offer of the new page"));
      assert.equal(sdps(manager, "sendAnswer").at(-1), "answer to offer of the new page");
      await manager.sendEngineEvent(back);
      assert.equal(manager.phase(), "connected");
      assert.equal(manager.effects.running("camera").length, devices);
      assert.equal(manager.effects.count("peerConnection"), 1);
    });
  }

  test("shows as reconnecting, and as connected with the new path", async () => {
    const manager = await connectedOut();
    await manager.receive(RECONNECT);
    assert.equal(manager.phase(), "reconnecting");
    await manager.receive(offerOf("offer 2"));
    assert.equal(manager.phase(), "reconnecting");
    await manager.sendEngineEvent(back);
    assert.equal(manager.phase(), "connected");
  });

  test("is acknowledged for each duplicate, with one new connection", async () => {
    const manager = await connectedOut();
    for (const copy of [RECONNECT, RECONNECT, RECONNECT]) await manager.receive(copy);
    assert.equal(manager.effects.count("sendReconnectAck"), 3);
    assert.deepEqual(connection(manager), ["connection.renew"]);
  });

  test("after its answered offer starts over: the newest wins", async () => {
    const manager = await connectedOut();
    await manager.receive(RECONNECT);
    await manager.receive(offerOf("offer 2"));
    await manager.receive(RECONNECT);
    assert.deepEqual(connection(manager), ["connection.renew", "connection.renew"]);
    await manager.receive(offerOf("offer 2"));
    assert.equal(manager.effects.count("answerOffer"), 1, "the offer of the page before is a stale copy");
    await manager.receive(offerOf("offer 3"));
    await manager.sendEngineEvent(back);
    assert.equal(manager.phase(), "connected");
  });

  test("is accepted although its acknowledgement cannot be delivered", async () => {
    const manager = await connectedOut();
    manager.effects.fail("sendReconnectAck");
    await manager.receive(RECONNECT);
    await manager.receive(offerOf("offer 2"));
    await manager.sendEngineEvent(back);
    assert.equal(manager.phase(), "connected");
  });

  test("without a following offer leads to our own request, until the time is up", async () => {
    const manager = await connectedOut();
    await manager.receive(RECONNECT);
    await manager.advance(4_000);
    assert.equal(manager.effects.count("sendReconnect"), 1);
    assert.deepEqual(connection(manager), ["connection.renew"]);
    await manager.advance(15_999);
    assert.equal(manager.phase(), "reconnecting");
    await manager.advance(1);
    manager.assertEnded("connectionLost", "local");
  });

  test("restarts the full time of a call", async () => {
    const manager = await connectedInFrom(BROWSER_REQUEST);
    await manager.sendEngineEvent(lost);
    await manager.advance(19_000);
    await manager.receive(RECONNECT);
    await manager.advance(19_000);
    assert.equal(manager.phase(), "reconnecting");
  });

  test("is ignored before the accept", async () => {
    for (const name of ["placing", "requested", "ringingOut", "ringingIn"] as const) {
      const manager = await PATHS[name]();
      const { value } = manager.call();
      for (const signal of [RECONNECT, RECONNECT_ACK]) await manager.receive(signal);
      assert.deepEqual(manager.call().value, value);
      assert.equal(manager.effects.count("sendReconnectAck"), 0);
    }
  });

  test("for an unknown call is refused, so that the page ends it", async () => {
    const manager = new ManagerBench();
    await manager.receive(RECONNECT);
    assert.deepEqual(manager.refusals(), [{ callId: CALL, peerId: "bob", reason: "unknownCall" }]);
  });
});

describe("our call-reconnect", () => {
  test("follows a lost path to a page after 4 seconds in either role, and we offer after its acknowledgement", async () => {
    for (const walk of [() => connectedOutTo(BROWSER_ACK), () => connectedInFrom(BROWSER_REQUEST)]) {
      const manager = await walk();
      const offers = manager.effects.count("createOffer");
      await manager.sendEngineEvent(lost);
      await manager.advance(4_000);
      assert.deepEqual(manager.effects.inputs("sendReconnect"), [
        { callId: CALL, peerId: "bob", media: "video" },
      ]);
      assert.deepEqual(connection(manager), ["connection.renew"]);
      assert.equal(manager.effects.count("createOffer"), offers);
      await manager.receive(RECONNECT_ACK);
      assert.equal(manager.effects.count("createOffer"), offers + 1);
      await manager.receive(answerOf("answer 2"));
      await manager.sendEngineEvent(back);
      assert.equal(manager.phase(), "connected");
    }
  });

  test("is followed by an offer on the same new connection without an acknowledgement, delivered or not", async () => {
    for (const isDelivered of [true, false]) {
      const manager = await connectedInFrom(BROWSER_REQUEST);
      if (!isDelivered) manager.effects.fail("sendReconnect");
      await manager.sendEngineEvent(lost);
      await manager.advance(4_000);
      assert.equal(manager.effects.count("createOffer"), 0);
      await manager.advance(4_000);
      assert.equal(manager.effects.count("createOffer"), 1);
      assert.deepEqual(connection(manager), ["connection.renew"]);
      await manager.receive(answerOf("answer 2"));
      await manager.sendEngineEvent(back);
      assert.equal(manager.phase(), "connected");
    }
  });

  test("waits when the engine reports failed, because a page that reloads sends one by itself", async () => {
    const manager = await connectedOutTo(BROWSER_ACK);
    await manager.sendEngineEvent({ type: "peer.failed" });
    assert.equal(manager.effects.count("sendReconnect"), 0);
    await manager.sendEngineEvent({ type: "peer.failed" });
    assert.equal(manager.effects.count("sendReconnect"), 0);
    await manager.advance(4_000);
    assert.equal(manager.effects.count("sendReconnect"), 1);
  });

  test("yields to a crossing one: the other side offers", async () => {
    const manager = await connectedOutTo(BROWSER_ACK);
    await manager.sendEngineEvent(lost);
    await manager.advance(4_000);
    await manager.receive(RECONNECT);
    await manager.receive(RECONNECT_ACK);
    assert.equal(manager.effects.count("createOffer"), 1);
    await manager.receive(offerOf("offer 2"));
    await manager.sendEngineEvent(back);
    assert.equal(manager.phase(), "connected");
  });

  test("answers an offer that arrives instead of the acknowledgement", async () => {
    const manager = await connectedOutTo(BROWSER_ACK);
    await manager.sendEngineEvent(lost);
    await manager.advance(4_000);
    await manager.receive(offerOf("offer 2"));
    assert.equal(sdps(manager, "sendAnswer").at(-1), "answer to offer 2");
  });

  test("retries with another connection when no path is found", async () => {
    const manager = await connectedOutTo(BROWSER_ACK);
    await manager.sendEngineEvent(lost);
    await manager.advance(4_000);
    await manager.receive(RECONNECT_ACK);
    await manager.receive(answerOf("answer 2"));
    await manager.advance(4_000);
    assert.equal(manager.effects.count("sendReconnect"), 2);
    assert.deepEqual(connection(manager), ["connection.renew", "connection.renew"]);
  });

  test("is not changed by a late acknowledgement", async () => {
    for (const name of inCall) {
      const manager = await PATHS[name]();
      const before = [manager.linkState(), manager.effects.records.length];
      await manager.receive(RECONNECT_ACK);
      assert.deepEqual([manager.linkState(), manager.effects.records.length], before);
    }
  });
});

describe("a lost path to", () => {
  test("Goop²'s own stack is restarted by another accept if it was the caller", async () => {
    const manager = await connectedInFrom(GO_REQUEST);
    await manager.sendEngineEvent(lost);
    await manager.advance(4_000);
    assert.equal(manager.effects.count("sendAccept"), 2);
    await manager.advance(4_000);
    assert.equal(manager.effects.count("sendAccept"), 3);
    await manager.receive(offerOf("offer 2"));
    await manager.sendEngineEvent(back);
    assert.equal(manager.phase(), "connected");
    assert.deepEqual(connection(manager), []);
  });

  test("Goop²'s own stack is restarted by a new offer if it was called, also if its accept has no mode", async () => {
    const manager = await connectedOutTo({ type: "call-ack", platform: "linux" });
    await manager.sendEngineEvent(lost);
    await manager.advance(4_000);
    assert.deepEqual(manager.effects.inputs("createOffer").at(-1), {
      callId: CALL,
      peerId: "bob",
      iceRestart: true,
      holdsCandidates: true,
    });
  });

  test("a script is restarted by a new offer in either role", async () => {
    for (const walk of [() => connectedOutTo({ type: "call-ack" }), () => connectedInFrom(SCRIPT_REQUEST)]) {
      const manager = await walk();
      const offers = manager.effects.count("createOffer");
      await manager.sendEngineEvent(lost);
      await manager.advance(4_000);
      assert.equal(manager.effects.count("createOffer"), offers + 1);
      assert.equal(manager.effects.count("sendReconnect"), 0);
    }
  });

  test("a plugin is restarted by the offerer, whatever its request looked like", async () => {
    const manager = await connectedInFrom(GO_REQUEST);
    await manager.receive(MEDIA);
    await manager.sendEngineEvent(lost);
    await manager.advance(19_999);
    assert.deepEqual(
      ["sendAccept", "createOffer", "sendReconnect"].map((name) => manager.effects.count(name)),
      [1, 0, 0],
    );
  });

  test("a plugin that sent ringing stays a plugin, although its accept does not show it", async () => {
    const manager = await ringingOut();
    await manager.receive(ACK);
    assert.equal(manager.call().context.peerKind, "plugin");
  });
});

describe("our candidates", () => {
  const candidate = CANDIDATE.candidate;

  /** Bob accepted, and is not known to be a plugin. */
  async function offeringTo(): Promise<ManagerBench> {
    const manager = new ManagerBench();
    await manager.startCall();
    manager.effects.hold("sendOffer");
    await manager.receive(ACK);
    return manager;
  }

  test("go at once to a plugin, which keeps them", async () => {
    const manager = await ringingOut();
    manager.effects.hold("sendOffer");
    await manager.receive(ACK);
    await manager.sendEngineEvent({ type: "peer.candidate", candidate });
    assert.equal(manager.effects.count("sendLocalCandidate"), 1);
  });

  test("wait for the answer where we offer, because some peers lose early candidates", async () => {
    const manager = await offeringTo();
    await manager.sendEngineEvent({ type: "peer.candidate", candidate });
    manager.effects.finish("sendOffer");
    await settled();
    await manager.sendEngineEvent({ type: "peer.candidate", candidate });
    assert.equal(manager.effects.count("sendLocalCandidate"), 0);
    await manager.receive(ANSWER);
    assert.equal(manager.effects.count("sendLocalCandidate"), 2);
    await manager.sendEngineEvent({ type: "peer.candidate", candidate });
    assert.equal(manager.effects.count("sendLocalCandidate"), 3);
  });

  test("are held up to a limit, and only for their own offer", async () => {
    const manager = await offeringTo();
    for (let count = 0; count < 100; count += 1)
      await manager.sendEngineEvent({ type: "peer.candidate", candidate });
    await manager.receive(RECONNECT);
    await manager.receive(offerOf("offer 2"));
    assert.equal(manager.effects.count("sendLocalCandidate"), 0);
    const other = await offeringTo();
    for (let count = 0; count < 100; count += 1)
      await other.sendEngineEvent({ type: "peer.candidate", candidate });
    await other.receive(ANSWER);
    assert.equal(other.effects.count("sendLocalCandidate"), 64);
  });
});
