// The reference peer against itself, because it must be right before it can check the plugin.

import "../../support/process/exit-at-end.ts";
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { startGoopHttp } from "../../support/goop-peer/goop/goop-http.ts";
import { startGoopNode } from "../../support/goop-peer/goop-node.ts";
import { type Flavour, type GoopPeer, startGoopPeer } from "../../support/goop-peer/goop-peer.ts";
import { PageSession } from "../../support/goop-peer/page/page-session.ts";
import { EVERY_QUIRK, type Quirks } from "../../support/goop-peer/quirks.ts";

/** All quirks that two equally careless peers survive. The others need a more careful side. */
const SURVIVABLE: Quirks = {
  ...EVERY_QUIRK,
  sealsIdentity: false,
  losesEarlyCandidates: false,
  hangsUpAtDisconnected: false,
  reconnectAtAnyTime: false,
};

async function withPair(
  [caller, callee]: readonly [Flavour, Flavour],
  quirks: Partial<Quirks>,
  work: (a: GoopPeer, b: GoopPeer) => Promise<void>,
): Promise<void> {
  const a = await startGoopPeer({ flavour: caller, label: "A", toneHz: 500, quirks });
  const b = await startGoopPeer({ flavour: callee, label: "B", toneHz: 700, quirks });
  try {
    await a.node.dial(b.node.address);
    await work(a, b);
  } finally {
    await a.stop();
    await b.stop();
  }
}

async function assertMediaBothWays(a: GoopPeer, b: GoopPeer): Promise<void> {
  await Promise.all([
    a.observer.untilStamps(10),
    b.observer.untilStamps(10),
    a.observer.untilTone(b.toneHz),
    b.observer.untilTone(a.toneHz),
  ]);
}

describe("two reference peers", () => {
  const plain: Partial<Quirks> = {};
  for (const [flavours, quirks, name] of [
    [["native", "browser"], plain, "as deployed"],
    [["browser", "native"], plain, "as deployed"],
    [["sdk", "browser"], plain, "as deployed"],
    [["native", "native"], SURVIVABLE, "with every quirk"],
    [["browser", "browser"], SURVIVABLE, "with every quirk"],
  ] as const) {
    test(`receive each other's frames and sound, ${flavours.join(" calling ")}, ${name}`, async () => {
      await withPair(flavours, quirks, async (a, b) => {
        const call = await a.calls.start(b.node.peerId, "video");
        const other = await (await b.nextRing()).accept();
        await assertMediaBothWays(a, b);
        await call.hangup();
        assert.deepEqual([await call.ended, await other.ended], ["hung up", "remote hung up"]);
        const sealed = b.node.log.streams.filter(({ wasSealed }) => wasSealed);
        assert.equal(sealed.length > 0, quirks.sealing === "switching");
      });
    });
  }

  test("a replaced connection restores frames and sound during a call", async () => {
    await withPair(["browser", "browser"], {}, async (a, b) => {
      const call = await a.calls.start(b.node.peerId, "video");
      const other = await (await b.nextRing()).accept();
      await assertMediaBothWays(a, b);
      for (const [side, peer] of [
        [call, a],
        [other, b],
      ] as const) {
        assert.ok(side instanceof PageSession);
        await side.reconnect();
        await peer.node.log.until((log) => log.callPayloads(call.channelId, "call-reconnect-ack").length > 0);
        await assertMediaBothWays(a, b);
      }
    });
  });

  test("a callee misses the caller's hang-up, and accepts without effect", async () => {
    await withPair(["browser", "browser"], {}, async (a, b) => {
      const call = await a.calls.start(b.node.peerId, "audio");
      const ring = await b.nextRing();
      await call.hangup();
      const other = await ring.accept();
      assert.equal(other.connectionState, "new");
    });
  });
});

describe("the reference HTTP API", () => {
  test("keeps messages for the first page that listens, and then sends it new ones", async () => {
    const a = await startGoopNode({ label: "A" });
    const b = await startGoopNode({ label: "B" });
    const goop = await startGoopHttp(b);
    try {
      await a.dial(b.address);
      await a.send(b.peerId, "call:nc-1", { type: "call-request" });
      await a.send(b.peerId, "identity", null);
      await b.log.until(({ streams }) => streams.length === 2);
      const page = await fetch(`${goop.url}/api/mq/events`);
      const events = readEvents(page);
      assert.deepEqual((await events.next()).value, ["connected", { status: "ok" }]);
      const [name, data] = (await events.next()).value ?? [];
      assert.deepEqual(
        [name, data?.type, data?.from, data?.msg.topic, data?.msg.payload],
        ["message", "message", a.peerId, "call:nc-1", { type: "call-request" }],
      );
      await a.send(b.peerId, "mq.ack", { msg_id: "12345678" });
      assert.deepEqual((await events.next()).value?.[1], { type: "delivered", msg_id: "12345678" });
      b.publishLocal("call:nc-1", { type: "call-hangup", channel_id: "nc-1" });
      assert.equal("from" in ((await events.next()).value?.[1] ?? {}), false);
      await events.return(undefined);
    } finally {
      await goop.stop();
      await Promise.all([a.stop(), b.stop()]);
    }
  });

  test("sends for its page, and answers in plain text when delivery fails", async () => {
    const a = await startGoopNode({ label: "A" });
    const b = await startGoopNode({ label: "B" });
    const goop = await startGoopHttp(a);
    const send = (body: object) =>
      fetch(`${goop.url}/api/mq/send`, { method: "POST", body: JSON.stringify(body) });
    try {
      await a.dial(b.address);
      const sent = await send({ peer_id: b.peerId, topic: "call:x", payload: { type: "call-hangup" } });
      assert.deepEqual([sent.status, (await sent.json()).status], [200, "delivered"]);
      assert.deepEqual(b.log.callPayloads("x"), [{ type: "call-hangup" }]);
      assert.equal((await send({ topic: "call:x" })).status, 400);
      await b.stop();
      const late = await send({ peer_id: b.peerId, topic: "call:x", payload: { type: "call-hangup" } });
      assert.equal(late.status, 504);
      assert.match(await late.text(), /delivery failed/);
    } finally {
      await goop.stop();
      await Promise.all([a.stop(), b.stop()]);
    }
  });
});

interface GoopEvent {
  readonly type?: string;
  readonly from?: string;
  readonly msg_id?: string;
  readonly msg: { readonly topic: string; readonly payload: unknown };
}

async function* readEvents(page: Response): AsyncGenerator<[string, GoopEvent], undefined> {
  let text = "";
  for await (const chunk of page.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    const events = text.split("\n\n");
    text = events.pop() ?? "";
    for (const event of events) {
      const [, name = "", data = ""] = /^event: (\S+)\ndata: (.*)$/s.exec(event) ?? [];
      yield [name, JSON.parse(data)];
    }
  }
  return undefined;
}
