// A connection made anew on both sides, as after a page was loaded again; and a lost path sought as the other side's
// program can.

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
  requestOf,
  ringingOut,
  settled,
  WALKS,
  type WalkName,
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
const connection = (manager: ManagerBench) => manager.activity("peerConnection").heard;
const sdps = (manager: ManagerBench, name: string) =>
  manager.effects.inputs(name).map((input) => (input as { sdp: string }).sdp);

async function connectedOutTo(ack: Signal): Promise<ManagerBench> {
  const manager = new ManagerBench();
  await manager.starts();
  await manager.hears(ack);
  await manager.hears(ANSWER);
  await manager.engine(back);
  return manager;
}

async function connectedInFrom(request: Signal, options = {}): Promise<ManagerBench> {
  const manager = new ManagerBench(options);
  await manager.hears(request);
  await manager.accepts();
  await manager.hears(OFFER);
  await manager.engine(back);
  return manager;
}

const inCall: WalkName[] = [
  "awaitingAnswer",
  "awaitingOffer",
  "connectedOut",
  "connectedIn",
  "reconnectingOut",
  "reconnectingIn",
];

describe("call-reconnect of the other side", () => {
  for (const name of inCall) {
    test(`is acknowledged while the call is ${name}; its offer is answered on a connection that agreed to nothing`, async () => {
      const manager = await WALKS[name]();
      const devices = manager.effects.running("camera").length;
      await manager.hears(RECONNECT);
      assert.deepEqual(manager.effects.inputs("sendReconnectAck"), [{ callId: CALL, peerId: "bob" }]);
      // Where nothing was agreed yet the connection is as good as new.
      assert.deepEqual(connection(manager), name === "awaitingOffer" ? [] : ["connection.renew"]);
      await manager.hears(offerOf("offer of the new page"));
      assert.equal(sdps(manager, "sendAnswer").at(-1), "answer to offer of the new page");
      await manager.engine(back);
      assert.equal(manager.phase(), "connected");
      assert.equal(manager.effects.running("camera").length, devices);
      assert.equal(manager.effects.count("peerConnection"), 1);
    });
  }

  test("shows as reconnecting, and as connected once the new path stands", async () => {
    const manager = await connectedOut();
    await manager.hears(RECONNECT);
    assert.equal(manager.phase(), "reconnecting");
    await manager.hears(offerOf("offer 2"));
    assert.equal(manager.phase(), "reconnecting");
    await manager.engine(back);
    assert.equal(manager.phase(), "connected");
  });

  test("in several copies is acknowledged each time, with one new connection", async () => {
    const manager = await connectedOut();
    for (const copy of [RECONNECT, RECONNECT, RECONNECT]) await manager.hears(copy);
    assert.equal(manager.effects.count("sendReconnectAck"), 3);
    assert.deepEqual(connection(manager), ["connection.renew"]);
  });

  test("that comes again after its offer was answered begins anew: the newest wins", async () => {
    const manager = await connectedOut();
    await manager.hears(RECONNECT);
    await manager.hears(offerOf("offer 2"));
    await manager.hears(RECONNECT);
    assert.deepEqual(connection(manager), ["connection.renew", "connection.renew"]);
    await manager.hears(offerOf("offer 2"));
    assert.equal(manager.effects.count("answerOffer"), 1, "the offer of the page before is a stale copy");
    await manager.hears(offerOf("offer 3"));
    await manager.engine(back);
    assert.equal(manager.phase(), "connected");
  });

  test("is taken although its acknowledgement cannot be delivered", async () => {
    const manager = await connectedOut();
    manager.effects.fail("sendReconnectAck");
    await manager.hears(RECONNECT);
    await manager.hears(offerOf("offer 2"));
    await manager.engine(back);
    assert.equal(manager.phase(), "connected");
  });

  test("without an offer after it is answered by our own question, until the time is up", async () => {
    const manager = await connectedOut();
    await manager.hears(RECONNECT);
    await manager.passes(4_000);
    assert.equal(manager.effects.count("sendReconnect"), 1);
    assert.deepEqual(connection(manager), ["connection.renew"]);
    await manager.passes(15_999);
    assert.equal(manager.phase(), "reconnecting");
    await manager.passes(1);
    manager.assertEnded("connectionLost", "local");
  });

  test("gives the whole time again to a call that was nearly given up", async () => {
    const manager = await connectedInFrom(BROWSER_REQUEST);
    await manager.engine(lost);
    await manager.passes(19_000);
    await manager.hears(RECONNECT);
    await manager.passes(19_000);
    assert.equal(manager.phase(), "reconnecting");
  });

  test("means nothing before the call was accepted", async () => {
    for (const name of ["placing", "requested", "ringingOut", "ringingIn"] as const) {
      const manager = await WALKS[name]();
      const { value } = manager.call();
      for (const signal of [RECONNECT, RECONNECT_ACK]) await manager.hears(signal);
      assert.deepEqual(manager.call().value, value);
      assert.equal(manager.effects.count("sendReconnectAck"), 0);
    }
  });

  test("for a call that is not here is refused, so that the page learns of the end", async () => {
    const manager = new ManagerBench();
    await manager.hears(RECONNECT);
    assert.deepEqual(manager.refusals(), [{ callId: CALL, peerId: "bob", reason: "unknownCall" }]);
  });
});

describe("call-reconnect of ours", () => {
  test("follows a lost path to a page after 4 seconds, in either role; its acknowledgement lets us offer", async () => {
    for (const walk of [() => connectedOutTo(BROWSER_ACK), () => connectedInFrom(BROWSER_REQUEST)]) {
      const manager = await walk();
      const offers = manager.effects.count("createOffer");
      await manager.engine(lost);
      await manager.passes(4_000);
      assert.deepEqual(manager.effects.inputs("sendReconnect"), [
        { callId: CALL, peerId: "bob", media: "video" },
      ]);
      assert.deepEqual(connection(manager), ["connection.renew"]);
      assert.equal(manager.effects.count("createOffer"), offers);
      await manager.hears(RECONNECT_ACK);
      assert.equal(manager.effects.count("createOffer"), offers + 1);
      await manager.hears(answerOf("answer 2"));
      await manager.engine(back);
      assert.equal(manager.phase(), "connected");
    }
  });

  test("is followed by an offer on the same new connection when nobody acknowledges it, delivered or not", async () => {
    for (const isDelivered of [true, false]) {
      const manager = await connectedInFrom(BROWSER_REQUEST);
      if (!isDelivered) manager.effects.fail("sendReconnect");
      await manager.engine(lost);
      await manager.passes(4_000);
      assert.equal(manager.effects.count("createOffer"), 0);
      await manager.passes(4_000);
      assert.equal(manager.effects.count("createOffer"), 1);
      assert.deepEqual(connection(manager), ["connection.renew"]);
      await manager.hears(answerOf("answer 2"));
      await manager.engine(back);
      assert.equal(manager.phase(), "connected");
    }
  });

  test("waits when the engine calls the path failed, for a page that is loaded anew speaks up by itself", async () => {
    const manager = await connectedOutTo(BROWSER_ACK);
    await manager.engine({ type: "peer.failed" });
    assert.equal(manager.effects.count("sendReconnect"), 0);
    await manager.engine({ type: "peer.failed" });
    assert.equal(manager.effects.count("sendReconnect"), 0);
    await manager.passes(4_000);
    assert.equal(manager.effects.count("sendReconnect"), 1);
  });

  test("gives way to the other side's, which crossed it: the other side offers", async () => {
    const manager = await connectedOutTo(BROWSER_ACK);
    await manager.engine(lost);
    await manager.passes(4_000);
    await manager.hears(RECONNECT);
    await manager.hears(RECONNECT_ACK);
    assert.equal(manager.effects.count("createOffer"), 1);
    await manager.hears(offerOf("offer 2"));
    await manager.engine(back);
    assert.equal(manager.phase(), "connected");
  });

  test("answers an offer that comes instead of the acknowledgement", async () => {
    const manager = await connectedOutTo(BROWSER_ACK);
    await manager.engine(lost);
    await manager.passes(4_000);
    await manager.hears(offerOf("offer 2"));
    assert.equal(sdps(manager, "sendAnswer").at(-1), "answer to offer 2");
  });

  test("tries once more, with yet another connection, when the new path is not found either", async () => {
    const manager = await connectedOutTo(BROWSER_ACK);
    await manager.engine(lost);
    await manager.passes(4_000);
    await manager.hears(RECONNECT_ACK);
    await manager.hears(answerOf("answer 2"));
    await manager.passes(4_000);
    assert.equal(manager.effects.count("sendReconnect"), 2);
    assert.deepEqual(connection(manager), ["connection.renew", "connection.renew"]);
  });

  test("an acknowledgement that nobody waits for changes nothing", async () => {
    for (const name of inCall) {
      const manager = await WALKS[name]();
      const before = [manager.linkState(), manager.effects.records.length];
      await manager.hears(RECONNECT_ACK);
      assert.deepEqual([manager.linkState(), manager.effects.records.length], before);
    }
  });
});

describe("a lost path to", () => {
  test("the host's own stack is sought by a second accept where it was the caller", async () => {
    const manager = await connectedInFrom(GO_REQUEST);
    await manager.engine(lost);
    await manager.passes(4_000);
    assert.equal(manager.effects.count("sendAccept"), 2);
    await manager.passes(4_000);
    assert.equal(manager.effects.count("sendAccept"), 3);
    await manager.hears(offerOf("offer 2"));
    await manager.engine(back);
    assert.equal(manager.phase(), "connected");
    assert.deepEqual(connection(manager), []);
  });

  test("the host's own stack is sought by a new offer where it was called, its accept without a mode", async () => {
    const manager = await connectedOutTo({ type: "call-ack", platform: "linux" });
    await manager.engine(lost);
    await manager.passes(4_000);
    assert.deepEqual(manager.effects.inputs("createOffer").at(-1), {
      callId: CALL,
      peerId: "bob",
      iceRestart: true,
      holdsCandidates: true,
    });
  });

  test("a script is sought by a new offer in either role", async () => {
    for (const walk of [() => connectedOutTo({ type: "call-ack" }), () => connectedInFrom(SCRIPT_REQUEST)]) {
      const manager = await walk();
      const offers = manager.effects.count("createOffer");
      await manager.engine(lost);
      await manager.passes(4_000);
      assert.equal(manager.effects.count("createOffer"), offers + 1);
      assert.equal(manager.effects.count("sendReconnect"), 0);
    }
  });

  test("a plugin like ours is sought by the one who offered, whatever its request looked like", async () => {
    const manager = await connectedInFrom(GO_REQUEST);
    await manager.hears(MEDIA);
    await manager.engine(lost);
    await manager.passes(19_999);
    assert.deepEqual(
      ["sendAccept", "createOffer", "sendReconnect"].map((name) => manager.effects.count(name)),
      [1, 0, 0],
    );
  });

  test("a plugin that rang stays one, although its accept does not say so", async () => {
    const manager = await ringingOut();
    await manager.hears(ACK);
    assert.equal(manager.call().context.peerKind, "plugin");
  });
});

describe("candidates of ours", () => {
  const candidate = CANDIDATE.candidate;

  /** Bob, who is no plugin as far as we know, accepted. */
  async function offeringTo(): Promise<ManagerBench> {
    const manager = new ManagerBench();
    await manager.starts();
    manager.effects.hold("sendOffer");
    await manager.hears(ACK);
    return manager;
  }

  test("go at once to a plugin like ours, which keeps them", async () => {
    const manager = await ringingOut();
    manager.effects.hold("sendOffer");
    await manager.hears(ACK);
    await manager.engine({ type: "peer.candidate", candidate });
    assert.equal(manager.effects.count("sendLocalCandidate"), 1);
  });

  test("wait for the answer where we offer, since some peers lose what comes before", async () => {
    const manager = await offeringTo();
    await manager.engine({ type: "peer.candidate", candidate });
    manager.effects.finish("sendOffer");
    await settled();
    await manager.engine({ type: "peer.candidate", candidate });
    assert.equal(manager.effects.count("sendLocalCandidate"), 0);
    await manager.hears(ANSWER);
    assert.equal(manager.effects.count("sendLocalCandidate"), 2);
    await manager.engine({ type: "peer.candidate", candidate });
    assert.equal(manager.effects.count("sendLocalCandidate"), 3);
  });

  test("are held in a bounded number, and not beyond the offer that they belong to", async () => {
    const manager = await offeringTo();
    for (let count = 0; count < 100; count += 1) await manager.engine({ type: "peer.candidate", candidate });
    await manager.hears(RECONNECT);
    await manager.hears(offerOf("offer 2"));
    assert.equal(manager.effects.count("sendLocalCandidate"), 0);
    const other = await offeringTo();
    for (let count = 0; count < 100; count += 1) await other.engine({ type: "peer.candidate", candidate });
    await other.hears(ANSWER);
    assert.equal(other.effects.count("sendLocalCandidate"), 64);
  });
});
