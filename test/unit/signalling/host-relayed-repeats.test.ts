// Repeats of call requests that go through the host, on fake timers. The host confirms each message that its peer acknowledged.

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { createHostRelayedSignalling } from "../../../plugin/signalling/host-relayed-signalling.ts";
import type { Contact, Signal } from "../../../rpc-schema/index.ts";

const bob = "12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN";
const self = "12D3KooWQB23VJZRfpXoL23G73pXAPByysM373CDeCAXE5FmELbZ";
const request: Signal = { type: "call-request", mediaType: "video" };

beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
afterEach(() => mock.timers.reset());

async function pass(ms: number): Promise<void> {
  mock.timers.tick(ms);
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

const contact = (reachable: boolean): Contact => ({
  ...{ peerId: bob, label: "Bob", reachable, videoDisabled: false, addresses: [] },
});

async function setUp() {
  const sent: unknown[] = [];
  const signalling = createHostRelayedSignalling(
    {
      selfId: self,
      request: async ({ payload }) => void sent.push(payload.type),
      log: () => undefined,
      timings: { repeatRequestMs: [500, 500], resendRequestMs: 300 },
    },
    { onSignal: () => undefined, onContacts: () => undefined, onAddressChange: () => undefined },
  );
  await signalling.start();
  signalling.setContacts([contact(true)]);
  await signalling.send(bob, "c", request);
  return { sent, signalling };
}

test("a request that nothing answers is repeated after the host confirmed it", async () => {
  const { sent } = await setUp();
  for (let count = 0; count < 5; count += 1) await pass(500);
  assert.deepEqual(sent, ["call-request", "call-request", "call-request"]);
});

test("an answer, a hang-up and the end of signalling end the repeats", async () => {
  const answered = await setUp();
  answered.signalling.deliver(bob, "call:c", { type: "call-ringing" });
  const hungUp = await setUp();
  await hungUp.signalling.send(bob, "c", { type: "call-hangup" });
  const closed = await setUp();
  await closed.signalling.close();
  await pass(5_000);
  assert.deepEqual(
    [answered.sent, hungUp.sent, closed.sent],
    [["call-request"], ["call-request", "call-hangup"], ["call-request"]],
  );
});

test("a request is repeated when its peer is reachable again", async () => {
  const { sent, signalling } = await setUp();
  for (let count = 0; count < 5; count += 1) await pass(500);
  sent.length = 0;
  signalling.setContacts([contact(true)]);
  await pass(300);
  assert.deepEqual(sent, []);
  signalling.setContacts([contact(false)]);
  signalling.setContacts([contact(true)]);
  await pass(300);
  assert.deepEqual(sent, ["call-request"]);
});
