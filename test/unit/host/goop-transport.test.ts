// The transport over Goop²'s HTTP API: Goop² is missing, hangs, answers nonsense, restarts, or becomes another peer.

import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { describe, test } from "node:test";
import { AwaitableQueue } from "../../../plugin/host/conformance/awaitable-queue.ts";
import { createGoopClient } from "../../../plugin/host/goop-bridge/goop-client.ts";
import { attachToGoop, type GoopTimings } from "../../../plugin/host/goop-bridge/goop-transport.ts";
import type { TransportMessage } from "../../../plugin/host/transport/host-transport.ts";
import {
  GOOP_SELF,
  hang,
  json,
  messageEvent,
  type ScriptedGoop,
  startScriptedGoop,
} from "../../support/fakes/scripted-goop.ts";

const PEER = "12D3KooWPeerNumber1abcde";
const QUICK: Partial<GoopTimings> = {
  retryMs: 1,
  longestRetryMs: 20,
  awayMs: 0,
  pollPeersMs: 10,
  peersChangedDelayMs: 1,
  replayQuietMs: 20,
  replayMs: 200,
};
const peer = (change: object = {}) => ({
  ID: PEER,
  Content: "Petra",
  VideoDisabled: false,
  Reachable: true,
  Offline: false,
  ...change,
});

function attach(url: URL, timings: Partial<GoopTimings> = {}, answerMs = 5_000) {
  const lines = new AwaitableQueue<string>();
  const ending = new AbortController();
  const attached = attachToGoop({
    client: createGoopClient(url, answerMs),
    report: (line) => lines.add(line),
    signal: ending.signal,
    timings: { ...QUICK, ...timings },
  });
  return { attached, lines, ending, line: (part: string) => lines.take((line) => line.includes(part), part) };
}

/** An attached transport with a listener and its first event stream. */
async function attachAndListen(goop: ScriptedGoop, timings: Partial<GoopTimings> = {}, answerMs?: number) {
  const { attached, line } = attach(goop.url, timings, answerMs);
  const transport = await attached;
  const [messages, contacts] = [new AwaitableQueue<TransportMessage>(), new AwaitableQueue<string>()];
  transport.listen({
    onMessage: (message) => messages.add(message),
    onContacts: () =>
      contacts.add(
        transport
          .contacts()
          .map(({ label }) => label)
          .join(),
      ),
  });
  const stream = await goop.streams.take(() => true, "a stream");
  const nextMessage = (callId: string) => messages.take(({ topic }) => topic === `call:${callId}`, callId);
  const nextContacts = (labels: string) => contacts.take((one) => one === labels, `contacts ${labels}`);
  return { transport, line, stream, nextMessage, nextContacts, messages, contacts };
}

const withGoop = (body: (goop: ScriptedGoop) => Promise<void>) => async () => {
  const goop = await startScriptedGoop();
  try {
    await body(goop);
  } finally {
    await goop.close();
  }
};

describe("attaching to Goop²", { timeout: 60_000 }, () => {
  test("waits for a Goop² that does not run, reports it once, and attaches when it starts", async () => {
    const first = await startScriptedGoop();
    await first.close();
    const { attached, lines, line } = attach(first.url);
    assert.match(await line("trying again"), /no Goop² at http:\/\/127\.0\.0\.1:\d+: .*ECONNREFUSED/);
    const goop = await startScriptedGoop(Number(first.url.port));
    const transport = await attached;
    assert.deepEqual(
      [transport.selfId, transport.label, transport.videoDisabled],
      [GOOP_SELF, "Victor", false],
    );
    assert.deepEqual(lines.waiting, []);
    transport.close();
    await goop.close();
  });

  test("ends its wait when the signal aborts", async () => {
    const first = await startScriptedGoop();
    await first.close();
    const { attached, line, ending } = attach(first.url, { retryMs: 60_000, longestRetryMs: 60_000 });
    await line("trying again");
    ending.abort(new Error("enough"));
    await assert.rejects(attached, /enough/);
  });

  for (const [what, answer, expected, answerMs] of [
    [
      "is another server",
      json("404 page not found", 404),
      /\/api\/self was answered with 404: "404 page not found"/,
    ],
    [
      "answers no JSON",
      (_: unknown, response: { end(text: string): void }) => response.end("<html>"),
      /no JSON/,
    ],
    ["names no peer", json({ status: "ok" }), /names no peer\. Is it Goop²\?/],
    [
      "redirects",
      (_: unknown, response: ServerResponse) => response.writeHead(302, { location: "/api/peers" }).end(),
      /\/api\/self was answered with 302/,
    ],
    [
      "answers too much",
      (_: unknown, response: ServerResponse) => response.end(Buffer.alloc(17 * 1024 * 1024, " ")),
      /answered more than 16777216 bytes/,
    ],
    ["hangs", hang, /did not answer within 200 ms/, 200],
  ] as const) {
    test(
      `reports a Goop² that ${what}, and attaches when it is right`,
      withGoop(async (goop) => {
        const right = goop.answers["/api/self"];
        goop.answers["/api/self"] = answer;
        const { attached, line } = attach(goop.url, {}, answerMs);
        assert.match(await line("trying again"), expected);
        if (right) goop.answers["/api/self"] = right;
        (await attached).close();
      }),
    );
  }

  test(
    "copies the setting video_disabled, and works with an older Goop² that lacks it",
    withGoop(async (goop) => {
      goop.answers["/api/settings/quick/get"] = json({ video_disabled: true });
      const off = await attach(goop.url).attached;
      goop.answers["/api/settings/quick/get"] = json("404 page not found", 404);
      goop.answers["/api/peers"] = json({ nonsense: true });
      const older = await attach(goop.url).attached;
      assert.deepEqual([off.videoDisabled, older.videoDisabled, older.contacts().length], [true, false, 0]);
      for (const transport of [off, older]) transport.close();
    }),
  );
});

describe("an attached transport", { timeout: 60_000 }, () => {
  test(
    "sends through Goop², and reports its answer when it fails",
    withGoop(async (goop) => {
      const { transport } = await attachAndListen(goop);
      const message = { peerId: PEER, topic: "call:c", payload: { type: "call-ack" } };
      await transport.send(message);
      assert.deepEqual(await goop.sent.take(() => true, "a message"), {
        peer_id: PEER,
        topic: "call:c",
        payload: { type: "call-ack" },
      });
      goop.answers["/api/mq/send"] = (_, response) => {
        response.writeHead(504, { "content-type": "text/plain" });
        response.end("delivery failed: no such peer\n");
      };
      await assert.rejects(transport.send(message), /answered with 504: delivery failed: no such peer$/);
      transport.close();
    }),
  );

  test(
    "gives up a message that Goop² never answers",
    withGoop(async (goop) => {
      const { transport } = await attachAndListen(goop, { pollPeersMs: 60_000 }, 100);
      goop.answers["/api/mq/send"] = hang;
      const message = { peerId: PEER, topic: "call:c", payload: { type: "call-ack" } };
      await assert.rejects(transport.send(message), /did not answer within 100 ms/);
      transport.close();
    }),
  );

  test("keeps a message while Goop² restarts", async () => {
    const first = await startScriptedGoop();
    const { transport } = await attachAndListen(first, { awayMs: 60_000 });
    await first.close();
    const sending = transport.send({ peerId: PEER, topic: "call:c", payload: { type: "call-offer" } });
    const second = await startScriptedGoop(Number(first.url.port));
    await sending;
    assert.equal((await second.sent.take(() => true, "the message")).topic, "call:c");
    transport.close();
    await second.close();
  });

  test("sends a hang-up when Goop² is back, however long it was away", async () => {
    const first = await startScriptedGoop();
    const { transport } = await attachAndListen(first);
    await first.close();
    const hangUp = { peerId: PEER, topic: "call:c", payload: { type: "call-hangup" } };
    await assert.rejects(transport.send(hangUp), { code: "down" });
    await assert.rejects(transport.send({ ...hangUp, topic: "call:d", payload: { type: "call-ack" } }));
    const second = await startScriptedGoop(Number(first.url.port));
    assert.equal((await second.sent.take(() => true, "the hang-up")).topic, "call:c");
    assert.deepEqual(second.sent.waiting, []);
    transport.close();
    await second.close();
  });

  test(
    "passes messages on in order, and skips other events",
    withGoop(async (goop) => {
      const { transport, stream, nextMessage, messages } = await attachAndListen(goop);
      stream.write("event: message\ndata: {nonsense\n\nevent: delivered\ndata: 1\n\n: a remark\n\n");
      stream.write(messageEvent(PEER, "chat", { text: "hi" }));
      stream.write(messageEvent(undefined, "call:c", { type: "call-hangup" }));
      for (let nth = 0; nth < 50; nth += 1) stream.write(messageEvent(PEER, "call:c", { nth }));
      for (let nth = 0; nth < 50; nth += 1) assert.deepEqual((await nextMessage("c")).payload, { nth });
      assert.deepEqual(messages.waiting, []);
      transport.close();
    }),
  );

  test(
    "passes a request on once the replay is over, also while other messages arrive",
    withGoop(async (goop) => {
      const { transport, stream, nextMessage } = await attachAndListen(goop, {
        replayQuietMs: 5_000,
        replayMs: 30,
      });
      stream.write(messageEvent(PEER, "call:new", { type: "call-request" }));
      assert.deepEqual((await nextMessage("new")).payload, { type: "call-request" });
      transport.close();
    }),
  );

  test(
    "reports changed contacts at once after an event, and keeps them while Goop² fails",
    withGoop(async (goop) => {
      const { transport, stream, nextContacts, contacts } = await attachAndListen(goop, {
        pollPeersMs: 600_000,
      });
      goop.answers["/api/peers"] = json([peer(), { ID: GOOP_SELF, Content: "myself" }]);
      stream.write(messageEvent(undefined, "peer:announce", { peerId: PEER }));
      await nextContacts("Petra");
      goop.answers["/api/peers"] = json([peer({ Content: "Petra 2" })]);
      stream.write(messageEvent(undefined, "peer:gone", { peerId: PEER }));
      await nextContacts("Petra 2");
      const fails = Promise.withResolvers<void>();
      goop.answers["/api/peers"] = (request, response) => {
        json("broken", 500)(request, response);
        fails.resolve();
      };
      stream.write(messageEvent(undefined, "peer:gone", { peerId: PEER }));
      await fails.promise;
      goop.answers["/api/peers"] = json([peer({ Content: "Petra 3" })]);
      stream.write(messageEvent(undefined, "peer:gone", { peerId: PEER }));
      await nextContacts("Petra 3");
      assert.deepEqual(contacts.waiting, [], "the failure changed no contacts");
      transport.close();
    }),
  );

  test(
    "polls the peers also without an event",
    withGoop(async (goop) => {
      const { transport, nextContacts } = await attachAndListen(goop);
      goop.answers["/api/peers"] = json([peer()]);
      await nextContacts("Petra");
      transport.close();
    }),
  );

  test(
    "reopens its event stream however it ends, and passes messages on as before",
    withGoop(async (goop) => {
      const { transport, stream, line, nextMessage } = await attachAndListen(goop);
      const ends: ((response: typeof stream) => void)[] = [
        (response) => void response.end(),
        (response) => void response.destroy(),
        (response) => void response.write(`data: ${"x".repeat(5 * 1024 * 1024)}`),
      ];
      let current = stream;
      for (const [nth, end] of ends.entries()) {
        end(current);
        await line("are lost");
        current = await goop.streams.take(() => true, "another stream");
        await line("are back");
        current.write(messageEvent(PEER, `call:c${nth}`, { type: "call-ack" }));
        await nextMessage(`c${nth}`);
      }
      transport.close();
    }),
  );

  test(
    "drops a stream when Goop² answers no other request either",
    withGoop(async (goop) => {
      const { transport, line } = await attachAndListen(goop, {}, 30);
      const right = goop.answers["/api/peers"];
      goop.answers["/api/peers"] = hang;
      await line("are lost (http://127.0.0.1");
      if (right) goop.answers["/api/peers"] = right;
      await goop.streams.take(() => true, "another stream");
      await line("are back");
      transport.close();
    }),
  );

  test(
    "tries again when Goop² refuses the stream",
    withGoop(async (goop) => {
      const { transport, stream, line } = await attachAndListen(goop);
      const right = goop.answers["/api/mq/events"];
      goop.answers["/api/mq/events"] = json("not now", 503);
      stream.destroy();
      await line("are lost");
      for (let nth = 0; nth < 3; nth += 1) {
        await goop.requests.take((request) => request === "GET /api/mq/events", "another try");
      }
      if (right) goop.answers["/api/mq/events"] = right;
      await line("are back");
      transport.close();
    }),
  );

  test("is unusable when another peer answers at its address", async () => {
    const first = await startScriptedGoop();
    const { transport } = await attachAndListen(first);
    await first.close();
    const second = await startScriptedGoop(Number(first.url.port));
    second.answers["/api/self"] = json({ id: PEER, label: "Petra" });
    assert.match(await transport.unusable, new RegExp(`is now peer ${PEER}, not ${GOOP_SELF}`));
    const message = { peerId: PEER, topic: "call:c", payload: {} };
    await assert.rejects(transport.send(message));
    transport.close();
    await second.close();
  });

  test(
    "passes nothing on and sends nothing once it is closed",
    withGoop(async (goop) => {
      const { transport, stream, messages } = await attachAndListen(goop, { replayQuietMs: 1 });
      transport.close();
      transport.close();
      stream.write(messageEvent(PEER, "call:late", { type: "call-ack" }));
      await assert.rejects(transport.send({ peerId: PEER, topic: "call:c", payload: {} }));
      assert.deepEqual(messages.waiting, []);
    }),
  );
});
