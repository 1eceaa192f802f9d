// The answer to call.start goes out before the notifications about the call that it names.

import assert from "node:assert/strict";
import { createInterface } from "node:readline";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import type { Handlers } from "../../../plugin/rpc/dispatcher.ts";
import { createPluginEnd, type PluginEnd } from "../../../plugin/rpc/serve.ts";
import { type CallInfo, settingsSchema } from "../../../rpc-schema/index.ts";
import { handlersWith, notificationsWith } from "../../support/fakes/handlers.ts";

const PEER = "12D3KooWGoodPeerAbcdefgh";
const off = { state: "off" } as const;
const call: CallInfo = {
  callId: "c1",
  peerId: PEER,
  peerLabel: "",
  direction: "outgoing",
  media: "audio",
  phase: "requesting",
  createdAt: 1,
  local: { microphone: off, camera: off, speaker: off, mediaLevel: "receiveOnly" },
  remote: { microphone: "unknown", camera: "unknown" },
  sending: { step: "full", width: 0, height: 0, fps: 0 },
  showing: { step: "full" },
  quality: "unknown",
};
const START = { jsonrpc: "2.0", id: 1, method: "call.start", params: { peerId: PEER, media: "audio" } };

function setUp(handlersOf: (plugin: PluginEnd) => Partial<Handlers>) {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const plugin = createPluginEnd({
    input,
    output,
    log: (_level, message) => assert.fail(message),
    onHostGone: () => undefined,
  });
  plugin.serve(handlersWith(handlersOf(plugin)), notificationsWith({}));
  const lines = createInterface(output)[Symbol.asyncIterator]();
  return {
    plugin,
    receive: (message: object) => void input.write(`${JSON.stringify(message)}\n`),
    /** @returns the next lines, each by its method, or "answer" */
    async next(count: number): Promise<string[]> {
      const names: string[] = [];
      while (names.length < count) {
        const message = JSON.parse((await lines.next()).value ?? "");
        names.push(message.method ?? "answer");
      }
      return names;
    },
  };
}

test("the answer to call.start precedes the notifications that the handler caused, in their order", async () => {
  const { receive, next } = setUp((plugin) => ({
    "call.start"() {
      plugin.notify("call.changed", call);
      plugin.notify("contacts.changed", { contacts: [] });
      return { callId: call.callId };
    },
  }));
  receive(START);
  assert.deepEqual(await next(3), ["answer", "call.changed", "contacts.changed"]);
});

test("the answer to call.start precedes the signals that the handler sent, and these keep their place", async () => {
  const {
    plugin: end,
    receive,
    next,
  } = setUp((plugin) => ({
    "call.start"() {
      plugin.notify("call.changed", call);
      const sending = plugin.request("signal.send", { peerId: PEER, topic: "call:c1", payload: {} });
      sending.catch(() => undefined);
      plugin.notify("contacts.changed", { contacts: [] });
      return { callId: call.callId };
    },
  }));
  receive(START);
  assert.deepEqual(await next(4), ["answer", "call.changed", "signal.send", "contacts.changed"]);
  end.close();
});

test("the answer to initialize precedes the notifications of a host that does not wait for it", async () => {
  const settings = settingsSchema.parse({});
  const { plugin, receive, next } = setUp(() => ({
    initialize: () => ({ protocolVersion: 2, plugin: { name: "", version: "" }, mode: "native", settings }),
  }));
  const params = { protocolVersions: [2], host: { name: "" }, identity: { label: "" } };
  receive({ jsonrpc: "2.0", id: 1, method: "initialize", params });
  plugin.notify("signalling.changed", { state: "starting", addresses: [] });
  assert.deepEqual(await next(2), ["answer", "signalling.changed"]);
});

test("an answer that takes longer holds notifications back for one turn of the event loop only", async () => {
  const slow = Promise.withResolvers<{ callId: string }>();
  const { receive, next } = setUp((plugin) => ({
    "call.start"() {
      plugin.notify("call.changed", call);
      return slow.promise;
    },
  }));
  receive(START);
  assert.deepEqual(await next(1), ["call.changed"]);
  slow.resolve({ callId: call.callId });
  assert.deepEqual(await next(1), ["answer"]);
});

test("notifications that are held back are flushed when the link closes", async () => {
  const { plugin, receive, next } = setUp((end) => ({
    "call.start"() {
      end.notify("call.changed", call);
      plugin.close();
      return { callId: call.callId };
    },
  }));
  receive(START);
  assert.deepEqual(await next(1), ["call.changed"]);
});
