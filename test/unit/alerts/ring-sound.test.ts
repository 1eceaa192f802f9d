// Which sound the calls of a user make, and which calls are missed.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { endReasonSchema } from "../../../rpc-schema/index.ts";
import { closingSound, isMissed, lastingSound, type RingingCall } from "../../../statecharts/index.ts";

const call = (direction: RingingCall["direction"], phase: RingingCall["phase"]): RingingCall => ({
  direction,
  phase,
});
const rings = call("incoming", "ringing");

describe("the sound of calls in progress", () => {
  test("is a ring while a peer calls, and a ring-back while our call rings at the peer", () => {
    assert.equal(lastingSound([rings]), "ring");
    assert.equal(lastingSound([call("outgoing", "ringing")]), "ringBack");
  });

  test("is a quiet beep while a peer calls during another call", () => {
    for (const phase of ["connecting", "connected", "reconnecting"] as const) {
      assert.equal(lastingSound([call("outgoing", phase), rings]), "waiting");
    }
  });

  test("is silence without a call, before the peer's answer, and from our answer on", () => {
    assert.equal(lastingSound([]), null);
    assert.equal(lastingSound([call("outgoing", "requesting")]), null);
    for (const phase of ["connecting", "connected", "reconnecting"] as const) {
      assert.equal(lastingSound([call("incoming", phase)]), null);
    }
  });
});

describe("the sound of a call's end", () => {
  test("is the busy tone for a caller whose peer is in another call", () => {
    for (const phase of ["requesting", "ringing"] as const) {
      const end = { reason: "busy", endedBy: "remote" } as const;
      assert.equal(closingSound(call("outgoing", phase), end), "busy");
    }
  });

  test("is the end tone when the other side ends or refuses the call, and when it is lost", () => {
    assert.equal(
      closingSound(call("incoming", "connected"), { reason: "hungUp", endedBy: "remote" }),
      "ended",
    );
    assert.equal(
      closingSound(call("outgoing", "ringing"), { reason: "rejected", endedBy: "remote" }),
      "ended",
    );
    assert.equal(
      closingSound(call("outgoing", "ringing"), { reason: "noAnswer", endedBy: "local" }),
      "ended",
    );
    assert.equal(
      closingSound(call("outgoing", "reconnecting"), { reason: "connectionLost", endedBy: "local" }),
      "ended",
    );
  });

  test("is silence for a call that our user ended or never answered, and for one that goes on as another", () => {
    assert.equal(closingSound(call("outgoing", "connected"), { reason: "hungUp", endedBy: "local" }), null);
    assert.equal(closingSound(call("outgoing", "ringing"), { reason: "cancelled", endedBy: "local" }), null);
    for (const reason of endReasonSchema.options) {
      for (const endedBy of ["local", "remote"] as const) {
        assert.equal(closingSound(rings, { reason, endedBy }), null, `${reason} ${endedBy}`);
      }
    }
    assert.equal(
      closingSound(call("outgoing", "ringing"), { reason: "superseded", endedBy: "remote" }),
      null,
    );
  });
});

describe("a missed call", () => {
  test("rang, and ended without an answer for whatever reason", () => {
    for (const reason of ["cancelled", "noAnswer", "hostGone", "connectionLost"] as const) {
      assert.ok(isMissed(rings, { reason, endedBy: "remote" }), reason);
    }
    for (const reason of ["noAnswer", "shutdown", "hostGone"] as const) {
      assert.ok(isMissed(rings, { reason, endedBy: "local" }), reason);
    }
  });

  test("is none that our user declined or answered, that goes on as another, or that our user made", () => {
    for (const reason of ["rejected", "busy", "unavailable", "videoDisabled", "superseded"] as const) {
      assert.ok(!isMissed(rings, { reason, endedBy: "local" }), reason);
    }
    assert.ok(!isMissed(call("incoming", "connected"), { reason: "hungUp", endedBy: "remote" }));
    assert.ok(!isMissed(call("incoming", "connecting"), { reason: "cancelled", endedBy: "remote" }));
    assert.ok(!isMissed(call("outgoing", "ringing"), { reason: "noAnswer", endedBy: "local" }));
  });
});
