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
  DeskBench,
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
const connection = (desk: DeskBench) => desk.activity("peerConnection").heard;
const sdps = (desk: DeskBench, name: string) =>
  desk.effects.inputs(name).map((input) => (input as { sdp: string }).sdp);

async function connectedOutTo(ack: Signal): Promise<DeskBench> {
  const desk = new DeskBench();
  await desk.starts();
  await desk.hears(ack);
  await desk.hears(ANSWER);
  await desk.engine(back);
  return desk;
}

async function connectedInFrom(request: Signal, options = {}): Promise<DeskBench> {
  const desk = new DeskBench(options);
  await desk.hears(request);
  await desk.accepts();
  await desk.hears(OFFER);
  await desk.engine(back);
  return desk;
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
      const desk = await WALKS[name]();
      const devices = desk.effects.running("camera").length;
      await desk.hears(RECONNECT);
      assert.deepEqual(desk.effects.inputs("sendReconnectAck"), [{ callId: CALL, peerId: "bob" }]);
      // Where nothing was agreed yet the connection is as good as new.
      assert.deepEqual(connection(desk), name === "awaitingOffer" ? [] : ["connection.renew"]);
      await desk.hears(offerOf("offer of the new page"));
      assert.equal(sdps(desk, "sendAnswer").at(-1), "answer to offer of the new page");
      await desk.engine(back);
      assert.equal(desk.phase(), "connected");
      assert.equal(desk.effects.running("camera").length, devices);
      assert.equal(desk.effects.count("peerConnection"), 1);
    });
  }

  test("shows as reconnecting, and as connected once the new path stands", async () => {
    const desk = await connectedOut();
    await desk.hears(RECONNECT);
    assert.equal(desk.phase(), "reconnecting");
    await desk.hears(offerOf("offer 2"));
    assert.equal(desk.phase(), "reconnecting");
    await desk.engine(back);
    assert.equal(desk.phase(), "connected");
  });

  test("in several copies is acknowledged each time, with one new connection", async () => {
    const desk = await connectedOut();
    for (const copy of [RECONNECT, RECONNECT, RECONNECT]) await desk.hears(copy);
    assert.equal(desk.effects.count("sendReconnectAck"), 3);
    assert.deepEqual(connection(desk), ["connection.renew"]);
  });

  test("that comes again after its offer was answered begins anew: the newest wins", async () => {
    const desk = await connectedOut();
    await desk.hears(RECONNECT);
    await desk.hears(offerOf("offer 2"));
    await desk.hears(RECONNECT);
    assert.deepEqual(connection(desk), ["connection.renew", "connection.renew"]);
    await desk.hears(offerOf("offer 2"));
    assert.equal(desk.effects.count("answerOffer"), 1, "the offer of the page before is a stale copy");
    await desk.hears(offerOf("offer 3"));
    await desk.engine(back);
    assert.equal(desk.phase(), "connected");
  });

  test("is taken although its acknowledgement cannot be delivered", async () => {
    const desk = await connectedOut();
    desk.effects.fail("sendReconnectAck");
    await desk.hears(RECONNECT);
    await desk.hears(offerOf("offer 2"));
    await desk.engine(back);
    assert.equal(desk.phase(), "connected");
  });

  test("without an offer after it is answered by our own question, until the time is up", async () => {
    const desk = await connectedOut();
    await desk.hears(RECONNECT);
    await desk.passes(4_000);
    assert.equal(desk.effects.count("sendReconnect"), 1);
    assert.deepEqual(connection(desk), ["connection.renew"]);
    await desk.passes(15_999);
    assert.equal(desk.phase(), "reconnecting");
    await desk.passes(1);
    desk.assertEnded("connectionLost", "local");
  });

  test("gives the whole time again to a call that was nearly given up", async () => {
    const desk = await connectedInFrom(BROWSER_REQUEST);
    await desk.engine(lost);
    await desk.passes(19_000);
    await desk.hears(RECONNECT);
    await desk.passes(19_000);
    assert.equal(desk.phase(), "reconnecting");
  });

  test("means nothing before the call was accepted", async () => {
    for (const name of ["placing", "requested", "ringingOut", "ringingIn"] as const) {
      const desk = await WALKS[name]();
      const { value } = desk.call();
      for (const signal of [RECONNECT, RECONNECT_ACK]) await desk.hears(signal);
      assert.deepEqual(desk.call().value, value);
      assert.equal(desk.effects.count("sendReconnectAck"), 0);
    }
  });

  test("for a call that is not here is refused, so that the page learns of the end", async () => {
    const desk = new DeskBench();
    await desk.hears(RECONNECT);
    assert.deepEqual(desk.refusals(), [{ callId: CALL, peerId: "bob", reason: "unknownCall" }]);
  });
});

describe("call-reconnect of ours", () => {
  test("follows a lost path to a page after 4 seconds, in either role; its acknowledgement lets us offer", async () => {
    for (const walk of [() => connectedOutTo(BROWSER_ACK), () => connectedInFrom(BROWSER_REQUEST)]) {
      const desk = await walk();
      const offers = desk.effects.count("createOffer");
      await desk.engine(lost);
      await desk.passes(4_000);
      assert.deepEqual(desk.effects.inputs("sendReconnect"), [
        { callId: CALL, peerId: "bob", media: "video" },
      ]);
      assert.deepEqual(connection(desk), ["connection.renew"]);
      assert.equal(desk.effects.count("createOffer"), offers);
      await desk.hears(RECONNECT_ACK);
      assert.equal(desk.effects.count("createOffer"), offers + 1);
      await desk.hears(answerOf("answer 2"));
      await desk.engine(back);
      assert.equal(desk.phase(), "connected");
    }
  });

  test("is followed by an offer on the same new connection when nobody acknowledges it, delivered or not", async () => {
    for (const isDelivered of [true, false]) {
      const desk = await connectedInFrom(BROWSER_REQUEST);
      if (!isDelivered) desk.effects.fail("sendReconnect");
      await desk.engine(lost);
      await desk.passes(4_000);
      assert.equal(desk.effects.count("createOffer"), 0);
      await desk.passes(4_000);
      assert.equal(desk.effects.count("createOffer"), 1);
      assert.deepEqual(connection(desk), ["connection.renew"]);
      await desk.hears(answerOf("answer 2"));
      await desk.engine(back);
      assert.equal(desk.phase(), "connected");
    }
  });

  test("waits when the engine calls the path failed, for a page that is loaded anew speaks up by itself", async () => {
    const desk = await connectedOutTo(BROWSER_ACK);
    await desk.engine({ type: "peer.failed" });
    assert.equal(desk.effects.count("sendReconnect"), 0);
    await desk.engine({ type: "peer.failed" });
    assert.equal(desk.effects.count("sendReconnect"), 0);
    await desk.passes(4_000);
    assert.equal(desk.effects.count("sendReconnect"), 1);
  });

  test("gives way to the other side's, which crossed it: the other side offers", async () => {
    const desk = await connectedOutTo(BROWSER_ACK);
    await desk.engine(lost);
    await desk.passes(4_000);
    await desk.hears(RECONNECT);
    await desk.hears(RECONNECT_ACK);
    assert.equal(desk.effects.count("createOffer"), 1);
    await desk.hears(offerOf("offer 2"));
    await desk.engine(back);
    assert.equal(desk.phase(), "connected");
  });

  test("answers an offer that comes instead of the acknowledgement", async () => {
    const desk = await connectedOutTo(BROWSER_ACK);
    await desk.engine(lost);
    await desk.passes(4_000);
    await desk.hears(offerOf("offer 2"));
    assert.equal(sdps(desk, "sendAnswer").at(-1), "answer to offer 2");
  });

  test("tries once more, with yet another connection, when the new path is not found either", async () => {
    const desk = await connectedOutTo(BROWSER_ACK);
    await desk.engine(lost);
    await desk.passes(4_000);
    await desk.hears(RECONNECT_ACK);
    await desk.hears(answerOf("answer 2"));
    await desk.passes(4_000);
    assert.equal(desk.effects.count("sendReconnect"), 2);
    assert.deepEqual(connection(desk), ["connection.renew", "connection.renew"]);
  });

  test("an acknowledgement that nobody waits for changes nothing", async () => {
    for (const name of inCall) {
      const desk = await WALKS[name]();
      const before = [desk.linkState(), desk.effects.records.length];
      await desk.hears(RECONNECT_ACK);
      assert.deepEqual([desk.linkState(), desk.effects.records.length], before);
    }
  });
});

describe("a lost path to", () => {
  test("the host's own stack is sought by a second accept where it was the caller", async () => {
    const desk = await connectedInFrom(GO_REQUEST);
    await desk.engine(lost);
    await desk.passes(4_000);
    assert.equal(desk.effects.count("sendAccept"), 2);
    await desk.passes(4_000);
    assert.equal(desk.effects.count("sendAccept"), 3);
    await desk.hears(offerOf("offer 2"));
    await desk.engine(back);
    assert.equal(desk.phase(), "connected");
    assert.deepEqual(connection(desk), []);
  });

  test("the host's own stack is sought by a new offer where it was called, its accept without a mode", async () => {
    const desk = await connectedOutTo({ type: "call-ack", platform: "linux" });
    await desk.engine(lost);
    await desk.passes(4_000);
    assert.deepEqual(desk.effects.inputs("createOffer").at(-1), {
      callId: CALL,
      peerId: "bob",
      iceRestart: true,
      holdsCandidates: true,
    });
  });

  test("a script is sought by a new offer in either role", async () => {
    for (const walk of [() => connectedOutTo({ type: "call-ack" }), () => connectedInFrom(SCRIPT_REQUEST)]) {
      const desk = await walk();
      const offers = desk.effects.count("createOffer");
      await desk.engine(lost);
      await desk.passes(4_000);
      assert.equal(desk.effects.count("createOffer"), offers + 1);
      assert.equal(desk.effects.count("sendReconnect"), 0);
    }
  });

  test("a plugin like ours is sought by the one who offered, whatever its request looked like", async () => {
    const desk = await connectedInFrom(GO_REQUEST);
    await desk.hears(MEDIA);
    await desk.engine(lost);
    await desk.passes(19_999);
    assert.deepEqual(
      ["sendAccept", "createOffer", "sendReconnect"].map((name) => desk.effects.count(name)),
      [1, 0, 0],
    );
  });

  test("a plugin that rang stays one, although its accept does not say so", async () => {
    const desk = await ringingOut();
    await desk.hears(ACK);
    assert.equal(desk.call().context.peerKind, "plugin");
  });
});

describe("candidates of ours", () => {
  const candidate = CANDIDATE.candidate;

  /** Bob, who is no plugin as far as we know, accepted. */
  async function offeringTo(): Promise<DeskBench> {
    const desk = new DeskBench();
    await desk.starts();
    desk.effects.hold("sendOffer");
    await desk.hears(ACK);
    return desk;
  }

  test("go at once to a plugin like ours, which keeps them", async () => {
    const desk = await ringingOut();
    desk.effects.hold("sendOffer");
    await desk.hears(ACK);
    await desk.engine({ type: "peer.candidate", candidate });
    assert.equal(desk.effects.count("sendLocalCandidate"), 1);
  });

  test("wait for the answer where we offer, since some peers lose what comes before", async () => {
    const desk = await offeringTo();
    await desk.engine({ type: "peer.candidate", candidate });
    desk.effects.finish("sendOffer");
    await settled();
    await desk.engine({ type: "peer.candidate", candidate });
    assert.equal(desk.effects.count("sendLocalCandidate"), 0);
    await desk.hears(ANSWER);
    assert.equal(desk.effects.count("sendLocalCandidate"), 2);
    await desk.engine({ type: "peer.candidate", candidate });
    assert.equal(desk.effects.count("sendLocalCandidate"), 3);
  });

  test("are held in a bounded number, and not beyond the offer that they belong to", async () => {
    const desk = await offeringTo();
    for (let count = 0; count < 100; count += 1) await desk.engine({ type: "peer.candidate", candidate });
    await desk.hears(RECONNECT);
    await desk.hears(offerOf("offer 2"));
    assert.equal(desk.effects.count("sendLocalCandidate"), 0);
    const other = await offeringTo();
    for (let count = 0; count < 100; count += 1) await other.engine({ type: "peer.candidate", candidate });
    await other.hears(ANSWER);
    assert.equal(other.effects.count("sendLocalCandidate"), 64);
  });
});
