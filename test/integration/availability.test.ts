// Two real plugins switch calls off and on over real signalling: while idle, while a call rings, and during a call. Also the log with
// `debugging`.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { connectCall, hangUpAll, type PluginProcess, startPair } from "../support/plugin/plugin-process.ts";

let pair: Awaited<ReturnType<typeof startPair>>;
before(async () => {
  pair = await startPair();
});
after(() => pair.stop());
afterEach(async () => {
  const { alice, bob } = pair;
  for (const [one, other] of [
    [alice, bob],
    [bob, alice],
  ] as const) {
    await hangUpAll(one);
    await switchCalls(one, other, true);
  }
});

const set = (one: PluginProcess, settings: object) => one.host.request("settings.update", { settings });

/** Waits until the contacts of `other` show that `one` has calls on, or off. */
async function untilSeen(one: PluginProcess, other: PluginProcess, on: boolean): Promise<void> {
  const isSeen = (contacts: { peerId: string; videoDisabled: boolean }[]) =>
    contacts.some(({ peerId, videoDisabled }) => peerId === one.peerId && videoDisabled === !on);
  const { contacts } = await other.host.request("contacts.list", {});
  if (!isSeen(contacts)) await other.next("contacts.changed", (changed) => isSeen(changed.contacts));
}

async function switchCalls(one: PluginProcess, other: PluginProcess, on: boolean): Promise<void> {
  one.clearNotifications();
  other.clearNotifications();
  await set(one, { videoDisabled: !on });
  await untilSeen(one, other, on);
}

describe("calls switched off while idle", () => {
  test("are reported to the host with cause and reason, and to the other side at once", async () => {
    const { alice, bob } = pair;
    await switchCalls(alice, bob, false);
    const { cause, why } = await alice.next("availability.changed", ({ videoDisabled }) => videoDisabled);
    assert.equal(cause, "user");
    assert.ok(why);
  });

  test("refuse calls both ways, and accept them again without a restart once switched on", async () => {
    const { alice, bob } = pair;
    await switchCalls(alice, bob, false);
    const audio = "audio" as const;
    await assert.rejects(bob.host.request("call.start", { peerId: alice.peerId, media: audio }), {
      kind: "peerCallsDisabled",
    });
    await assert.rejects(alice.host.request("call.start", { peerId: bob.peerId, media: audio }), {
      kind: "callsDisabled",
    });
    await switchCalls(alice, bob, true);
    await connectCall(bob, alice, audio);
  });
});

for (const [name, begin] of [
  [
    "while it rings",
    async (caller: PluginProcess, callee: PluginProcess) => {
      caller.clearNotifications();
      callee.clearNotifications();
      const { callId } = await caller.host.request("call.start", { peerId: callee.peerId, media: "video" });
      await callee.next("call.incoming", (call) => call.callId === callId);
      return callId;
    },
  ],
  ["during a call", (caller: PluginProcess, callee: PluginProcess) => connectCall(caller, callee, "video")],
] as const) {
  describe(`calls switched off ${name}`, () => {
    for (const who of ["caller", "callee"] as const) {
      test(`by the ${who} end it on both sides as videoDisabled, and the next call connects once calls are on`, async () => {
        const { alice, bob } = pair;
        const callId = await begin(alice, bob);
        const [one, other] = who === "caller" ? [alice, bob] : [bob, alice];
        await set(one, { videoDisabled: true });
        const ofCall = (end: { callId: string }) => end.callId === callId;
        const [own, theirs] = await Promise.all([
          one.next("call.ended", ofCall),
          other.next("call.ended", ofCall),
        ]);
        assert.deepEqual([own.reason, own.endedBy], ["videoDisabled", "local"]);
        assert.deepEqual([theirs.reason, theirs.endedBy], ["videoDisabled", "remote"]);
        await untilSeen(one, other, false);
        await switchCalls(one, other, true);
        await connectCall(alice, bob, "video");
      });
    }
  });
}

describe("the setting debugging", () => {
  test("logs every signal and every state of a call, and stops when it is switched off", async () => {
    const { alice, bob } = pair;
    const hangsUp = (callId: string) => new RegExp(`"level":"debug".*call-hangup of call ${callId} to`);
    await set(alice, { debugging: true });
    const first = await connectCall(alice, bob, "audio");
    await alice.logged(new RegExp(`call-request of call ${first} to ${bob.peerId}`));
    await alice.logged(new RegExp(`call-ack of call ${first} from ${bob.peerId}`));
    await alice.logged(/"source":"charts","message":"call:[^"]*connected/);
    await set(alice, { debugging: false });
    await hangUpAll(alice);
    await set(alice, { debugging: true });
    const second = await connectCall(alice, bob, "audio");
    await hangUpAll(alice);
    await alice.logged(hangsUp(second));
    assert.doesNotMatch(alice.log(), hangsUp(first));
    await set(alice, { debugging: false });
  });
});
