// Repeats of signals that go through the host, on fake timers. The host confirms each message that its peer acknowledged.

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import {
  createHostRelayedSignalling,
  type HostRelayedSignalling,
} from "../../../plugin/signalling/host-relayed-signalling.ts";
import { type Contact, RpcError, type Signal } from "../../../rpc-schema/index.ts";

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
  const host = { isCutOff: false };
  const signalling = createHostRelayedSignalling(
    {
      selfId: self,
      async request({ payload }) {
        if (host.isCutOff) throw new RpcError("peerUnreachable", "no route to the peer");
        sent.push(payload.type);
      },
      log: () => undefined,
      timings: { repeatRequestMs: [500, 500], resendRequestMs: 300 },
    },
    { onSignal: () => undefined, onContacts: () => undefined, onAddressChange: () => undefined },
  );
  await signalling.start();
  signalling.setContacts([contact(true)]);
  await signalling.send(bob, "c", request);
  return { sent, host, signalling };
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

const LATER: Readonly<Record<string, (signalling: HostRelayedSignalling) => void>> = {
  "the host lists its peer as reachable again": (signalling) => {
    signalling.setContacts([contact(false)]);
    signalling.setContacts([contact(true)]);
  },
  "its peer sends a signal": (signalling) =>
    signalling.deliver(bob, "call:c", { type: "ice-candidate", candidate: { candidate: "candidate:1" } }),
};

for (const [when, happen] of Object.entries(LATER)) {
  test(`a hang-up and a media state that the host could not send are sent again when ${when}`, async () => {
    const { sent, host, signalling } = await setUp();
    host.isCutOff = true;
    await assert.rejects(signalling.send(bob, "c", { type: "call-media", microphone: false, camera: true }));
    await assert.rejects(signalling.send(bob, "ended", { type: "call-hangup" }));
    host.isCutOff = false;
    sent.length = 0;
    happen(signalling);
    await pass(0);
    assert.deepEqual(sent, ["call-media", "call-hangup"]);
  });
}
