// A viewer as carrier, when the viewer is not there, hangs, lies, or is another one after a while.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createGoopClient } from "../../../plugin/host/goop-bridge/goop-client.ts";
import { attachToGoop, type GoopTimings } from "../../../plugin/host/goop-bridge/goop-transport.ts";
import type { TransportMessage } from "../../../plugin/host/transport/host-transport.ts";
import {
  hang,
  json,
  messageEvent,
  type ScriptedGoop,
  startScriptedGoop,
  GOOP_SELF,
} from "../../support/fakes/scripted-goop.ts";
import { AwaitableQueue } from "../../support/plugin/fake-plugin-executable.ts";

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

/** Attached, listening, with the first stream of events. */
async function listening(viewer: ScriptedGoop, timings: Partial<GoopTimings> = {}, answerMs?: number) {
  const { attached, line } = attach(viewer.url, timings, answerMs);
  const carrier = await attached;
  const [messages, contacts] = [new AwaitableQueue<TransportMessage>(), new AwaitableQueue<string>()];
  carrier.listen({
    onMessage: (message) => messages.add(message),
    onContacts: () =>
      contacts.add(
        carrier
          .contacts()
          .map(({ label }) => label)
          .join(),
      ),
  });
  const stream = await viewer.streams.take(() => true, "a stream");
  const next = (callId: string) => messages.take(({ topic }) => topic === `call:${callId}`, callId);
  const told = (labels: string) => contacts.take((told) => told === labels, `contacts ${labels}`);
  return { carrier, line, stream, next, told, messages, contacts };
}

const withViewer = (body: (viewer: ScriptedGoop) => Promise<void>) => async () => {
  const viewer = await startScriptedGoop();
  try {
    await body(viewer);
  } finally {
    await viewer.close();
  }
};

describe("attaching to a viewer", { timeout: 60_000 }, () => {
  test("waits for one that is not there, says so once, and goes on when it comes", async () => {
    const first = await startScriptedGoop();
    await first.close();
    const { attached, lines, line } = attach(first.url);
    assert.match(await line("trying again"), /no viewer at http:\/\/127\.0\.0\.1:\d+: .*ECONNREFUSED/);
    const viewer = await startScriptedGoop(Number(first.url.port));
    const carrier = await attached;
    assert.deepEqual([carrier.selfId, carrier.label, carrier.videoDisabled], [GOOP_SELF, "Victor", false]);
    assert.deepEqual(lines.waiting, []);
    carrier.close();
    await viewer.close();
  });

  test("ends its wait when it is told to", async () => {
    const first = await startScriptedGoop();
    await first.close();
    const { attached, line, ending } = attach(first.url, { retryMs: 60_000, longestRetryMs: 60_000 });
    await line("trying again");
    ending.abort(new Error("enough"));
    await assert.rejects(attached, /enough/);
  });

  for (const [what, answer, says] of [
    [
      "is no viewer",
      json("404 page not found", 404),
      /\/api\/self was answered with 404: "404 page not found"/,
    ],
    [
      "answers no JSON",
      (_: unknown, response: { end(text: string): void }) => response.end("<html>"),
      /no JSON/,
    ],
    ["names no peer", json({ status: "ok" }), /names no peer; is it a Goop² viewer\?/],
    ["hangs", hang, /did not answer within 200 ms/],
  ] as const) {
    test(
      `says what is wrong with one that ${what}, and goes on when it is right`,
      withViewer(async (viewer) => {
        const right = viewer.answers["/api/self"];
        viewer.answers["/api/self"] = answer;
        const { attached, line } = attach(viewer.url, {}, 200);
        assert.match(await line("trying again"), says);
        if (right) viewer.answers["/api/self"] = right;
        (await attached).close();
      }),
    );
  }

  test(
    "takes over that calls are switched off there, and does without what an older viewer has not",
    withViewer(async (viewer) => {
      viewer.answers["/api/settings/quick/get"] = json({ video_disabled: true });
      const off = await attach(viewer.url).attached;
      viewer.answers["/api/settings/quick/get"] = json("404 page not found", 404);
      viewer.answers["/api/peers"] = json({ nonsense: true });
      const older = await attach(viewer.url).attached;
      assert.deepEqual([off.videoDisabled, older.videoDisabled, older.contacts().length], [true, false, 0]);
      for (const carrier of [off, older]) carrier.close();
    }),
  );
});

describe("an attached viewer", { timeout: 60_000 }, () => {
  test(
    "sends by the viewer, and says what it answers when it does not",
    withViewer(async (viewer) => {
      const { carrier } = await listening(viewer);
      const message = { peerId: PEER, topic: "call:c", payload: { type: "call-ack" } };
      await carrier.send(message);
      assert.deepEqual(await viewer.sent.take(() => true, "a message"), {
        peer_id: PEER,
        topic: "call:c",
        payload: { type: "call-ack" },
      });
      viewer.answers["/api/mq/send"] = (_, response) => {
        response.writeHead(504, { "content-type": "text/plain" });
        response.end("delivery failed: no such peer\n");
      };
      await assert.rejects(carrier.send(message), /answered with 504: delivery failed: no such peer$/);
      carrier.close();
    }),
  );

  test(
    "gives up a message that the viewer never answers",
    withViewer(async (viewer) => {
      const { carrier } = await listening(viewer, { pollPeersMs: 60_000 }, 100);
      viewer.answers["/api/mq/send"] = hang;
      const message = { peerId: PEER, topic: "call:c", payload: { type: "call-ack" } };
      await assert.rejects(carrier.send(message), /did not answer within 100 ms/);
      carrier.close();
    }),
  );

  test("keeps a message for a viewer that is away for a moment", async () => {
    const first = await startScriptedGoop();
    const { carrier } = await listening(first, { awayMs: 60_000 });
    await first.close();
    const sending = carrier.send({ peerId: PEER, topic: "call:c", payload: { type: "call-offer" } });
    const second = await startScriptedGoop(Number(first.url.port));
    await sending;
    assert.equal((await second.sent.take(() => true, "the message")).topic, "call:c");
    carrier.close();
    await second.close();
  });

  test("says a hang-up when the viewer is back, however long it was away", async () => {
    const first = await startScriptedGoop();
    const { carrier } = await listening(first);
    await first.close();
    const hangUp = { peerId: PEER, topic: "call:c", payload: { type: "call-hangup" } };
    await assert.rejects(carrier.send(hangUp), { code: "down" });
    await assert.rejects(carrier.send({ ...hangUp, topic: "call:d", payload: { type: "call-ack" } }));
    const second = await startScriptedGoop(Number(first.url.port));
    assert.equal((await second.sent.take(() => true, "the hang-up")).topic, "call:c");
    assert.deepEqual(second.sent.waiting, []);
    carrier.close();
    await second.close();
  });

  test(
    "passes messages on in order, through events that are none",
    withViewer(async (viewer) => {
      const { carrier, stream, next, messages } = await listening(viewer);
      stream.write("event: message\ndata: {nonsense\n\nevent: delivered\ndata: 1\n\n: a remark\n\n");
      stream.write(messageEvent(PEER, "chat", { text: "hi" }));
      stream.write(messageEvent(undefined, "call:c", { type: "call-hangup" }));
      for (let nth = 0; nth < 50; nth += 1) stream.write(messageEvent(PEER, "call:c", { nth }));
      for (let nth = 0; nth < 50; nth += 1) assert.deepEqual((await next("c")).payload, { nth });
      assert.deepEqual(messages.waiting, []);
      carrier.close();
    }),
  );

  test(
    "rings for a request once the replay is over, also while other messages keep coming",
    withViewer(async (viewer) => {
      const { carrier, stream, next } = await listening(viewer, { replayQuietMs: 5_000, replayMs: 30 });
      stream.write(messageEvent(PEER, "call:new", { type: "call-request" }));
      assert.deepEqual((await next("new")).payload, { type: "call-request" });
      carrier.close();
    }),
  );

  test(
    "tells of contacts when they change, at once when the viewer says so, and keeps them while it fails",
    withViewer(async (viewer) => {
      const { carrier, stream, told, contacts } = await listening(viewer, { pollPeersMs: 600_000 });
      viewer.answers["/api/peers"] = json([peer(), { ID: GOOP_SELF, Content: "myself" }]);
      stream.write(messageEvent(undefined, "peer:announce", { peerId: PEER }));
      await told("Petra");
      viewer.answers["/api/peers"] = json([peer({ Content: "Petra 2" })]);
      stream.write(messageEvent(undefined, "peer:gone", { peerId: PEER }));
      await told("Petra 2");
      const fails = Promise.withResolvers<void>();
      viewer.answers["/api/peers"] = (request, response) => {
        json("broken", 500)(request, response);
        fails.resolve();
      };
      stream.write(messageEvent(undefined, "peer:gone", { peerId: PEER }));
      await fails.promise;
      viewer.answers["/api/peers"] = json([peer({ Content: "Petra 3" })]);
      stream.write(messageEvent(undefined, "peer:gone", { peerId: PEER }));
      await told("Petra 3");
      assert.deepEqual(contacts.waiting, [], "nothing was told of the failure");
      carrier.close();
    }),
  );

  test(
    "looks at the peers again and again, also when nobody tells",
    withViewer(async (viewer) => {
      const { carrier, told } = await listening(viewer);
      viewer.answers["/api/peers"] = json([peer()]);
      await told("Petra");
      carrier.close();
    }),
  );

  test(
    "takes up its stream again however it ends, and messages are passed on as before",
    withViewer(async (viewer) => {
      const { carrier, stream, line, next } = await listening(viewer);
      const ends: ((response: typeof stream) => void)[] = [
        (response) => void response.end(),
        (response) => void response.destroy(),
        (response) => void response.write(`data: ${"x".repeat(5 * 1024 * 1024)}`),
      ];
      let current = stream;
      for (const [nth, end] of ends.entries()) {
        end(current);
        await line("are lost");
        current = await viewer.streams.take(() => true, "another stream");
        await line("are back");
        current.write(messageEvent(PEER, `call:c${nth}`, { type: "call-ack" }));
        await next(`c${nth}`);
      }
      carrier.close();
    }),
  );

  test(
    "takes a stream for dead when the viewer answers nothing else either",
    withViewer(async (viewer) => {
      const { carrier, line } = await listening(viewer, {}, 30);
      const right = viewer.answers["/api/peers"];
      viewer.answers["/api/peers"] = hang;
      await line("are lost (http://127.0.0.1");
      if (right) viewer.answers["/api/peers"] = right;
      await viewer.streams.take(() => true, "another stream");
      await line("are back");
      carrier.close();
    }),
  );

  test(
    "tries again when the viewer refuses the stream",
    withViewer(async (viewer) => {
      const { carrier, stream, line } = await listening(viewer);
      const right = viewer.answers["/api/mq/events"];
      viewer.answers["/api/mq/events"] = json("not now", 503);
      stream.destroy();
      await line("are lost");
      for (let nth = 0; nth < 3; nth += 1) {
        await viewer.requests.take((request) => request === "GET /api/mq/events", "another try");
      }
      if (right) viewer.answers["/api/mq/events"] = right;
      await line("are back");
      carrier.close();
    }),
  );

  test("is of no use when another peer answers at its address", async () => {
    const first = await startScriptedGoop();
    const { carrier } = await listening(first);
    await first.close();
    const second = await startScriptedGoop(Number(first.url.port));
    second.answers["/api/self"] = json({ id: PEER, label: "Petra" });
    assert.match(await carrier.unusable, new RegExp(`is now peer ${PEER}, not ${GOOP_SELF}`));
    const message = { peerId: PEER, topic: "call:c", payload: {} };
    await assert.rejects(carrier.send(message));
    carrier.close();
    await second.close();
  });

  test(
    "says nothing and asks nothing once it is closed",
    withViewer(async (viewer) => {
      const { carrier, stream, messages } = await listening(viewer, { replayQuietMs: 1 });
      carrier.close();
      carrier.close();
      stream.write(messageEvent(PEER, "call:late", { type: "call-ack" }));
      await assert.rejects(carrier.send({ peerId: PEER, topic: "call:c", payload: {} }));
      assert.deepEqual(messages.waiting, []);
    }),
  );
});
