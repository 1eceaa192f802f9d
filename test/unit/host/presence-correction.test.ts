// When the bridge corrects what Goop² publishes about its user, and when it leaves it alone. On a simulated clock.

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import { PresenceCorrection } from "../../../plugin/host/goop-bridge/presence-correction.ts";
import { settled } from "../../support/fakes/fake-frames.ts";

const REPEAT_MS = 1_000;

describe("the correction of Goop²'s presence", () => {
  let sent: string[];
  let peers: string[];
  let send: (peerId: string, videoDisabled: boolean) => Promise<unknown>;
  const correct = (published: boolean) =>
    new PresenceCorrection({
      peers: () => peers,
      send: (peerId, videoDisabled) => {
        sent.push(`${peerId} ${videoDisabled ? "off" : "on"}`);
        return send(peerId, videoDisabled);
      },
      repeatMs: REPEAT_MS,
      published,
    });
  const take = () => sent.splice(0);
  /** A correction is repeated only when the peer has acknowledged the last one. */
  const later = async () => {
    await settled();
    mock.timers.tick(REPEAT_MS);
  };

  beforeEach(() => {
    sent = [];
    peers = ["bob", "carol"];
    send = () => Promise.resolve();
    mock.timers.enable({ apis: ["setInterval"] });
  });
  afterEach(() => mock.timers.reset());

  test("sends nothing while Goop² publishes the truth", async () => {
    const presence = correct(false);
    presence.set(false);
    await later();
    await presence.end();
    assert.deepEqual(take(), []);
  });

  for (const [what, published, wanted] of [
    ["calls are switched off after Goop² started", false, "off"],
    ["calls are switched on after Goop² started", true, "on"],
  ] as const) {
    test(`when ${what}, each peer learns it at once, and again after Goop²'s heartbeats`, async () => {
      const presence = correct(published);
      presence.set(wanted === "off");
      assert.deepEqual(take(), [`bob ${wanted}`, `carol ${wanted}`]);
      await later();
      assert.deepEqual(take().sort(), [`bob ${wanted}`, `carol ${wanted}`]);
    });
  }

  test("the way back is sent once", async () => {
    const presence = correct(false);
    presence.set(true);
    await settled();
    take();
    presence.set(false);
    await settled();
    assert.deepEqual(take().sort(), ["bob on", "carol on"]);
    await later();
    assert.deepEqual(take(), []);
  });

  test("the end gives peers Goop²'s own value, and nothing follows", async () => {
    const presence = correct(true);
    presence.set(false);
    await settled();
    take();
    await presence.end();
    assert.deepEqual(take().sort(), ["bob off", "carol off"]);
    await later();
    assert.deepEqual(take(), []);
  });

  test("a Goop² that starts again with the changed setting needs no correction", async () => {
    const presence = correct(false);
    presence.set(true);
    await settled();
    presence.setPublished(true);
    await settled();
    take();
    await later();
    assert.deepEqual(take(), []);
  });

  test("the last word follows a correction that is still under way", async () => {
    peers = ["bob"];
    const underWay = Promise.withResolvers<void>();
    send = () => underWay.promise;
    const presence = correct(false);
    presence.set(true);
    const ended = presence.end();
    await settled();
    assert.deepEqual(take(), ["bob off"]);
    underWay.resolve();
    await ended;
    assert.deepEqual(take(), ["bob on"]);
  });

  test("a peer that comes later learns it, and one that does not answer gets no second request", async () => {
    const presence = correct(false);
    send = (peerId) => (peerId === "bob" ? new Promise(() => undefined) : Promise.reject(new Error("away")));
    presence.set(true);
    take();
    peers = ["bob", "carol", "dave"];
    await later();
    assert.deepEqual(take().sort(), ["carol off", "dave off"]);
    presence.stop();
  });

  test("many peers take turns", async () => {
    peers = Array.from({ length: 40 }, (_, index) => `peer-${index}`);
    const presence = correct(false);
    presence.set(true);
    assert.equal(sent.length, 16);
    await later();
    await later();
    assert.equal(new Set(take()).size, 40);
    presence.stop();
  });
});
