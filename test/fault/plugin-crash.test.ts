// The plugin is killed during a call, repeatedly and on either side. The call continues under its id, with video and tone, and no
// process of a dead plugin is left.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Host, startHost } from "../../plugin/host/host.ts";
import { ownAddress } from "../../plugin/host/pair.ts";
import { SMALL_PICTURE } from "../support/fakes/small-picture.ts";
import { CallObserver } from "../support/plugin/call-observer.ts";
import { descendants, isRunning } from "../support/process/process-figures.ts";
import { type Pulse, startPulse } from "../support/sound/pulse.ts";

const CRASHES = 20;

interface Side {
  readonly host: Host;
  readonly page: CallObserver;
}

const ends: (() => Promise<unknown>)[] = [];
const dead: number[] = [];
/** A real sound server, because a plugin without a speaker does not receive audio. */
let pulse: Pulse;

async function startSide(label: string, toneHz: number, { isKeyKept = true } = {}): Promise<Side> {
  const dataDir = await mkdtemp(join(tmpdir(), "crash-"));
  ends.push(() => rm(dataDir, { recursive: true, force: true }));
  const host = await startHost({
    label,
    env: pulse.env,
    ...(isKeyKept ? { dataDir } : {}),
    settings: {
      ...{
        camera: "test-pattern",
        microphone: "tone",
        speaker: "auto",
        toneHz,
        iceServers: [],
        ringtone: "off",
      },
      picture: SMALL_PICTURE,
      signalling: { listen: ["/ip4/127.0.0.1/tcp/0"], mdns: false },
    },
  });
  ends.unshift(() => host.stop());
  const page = await CallObserver.open(host);
  ends.unshift(async () => page.close());
  return { host, page };
}

async function introduce(alice: Side, bob: Side): Promise<void> {
  const [, address] = await Promise.all([ownAddress(alice.host), ownAddress(bob.host)]);
  await alice.host.plugin.request("contacts.add", { address });
}

async function callBetween(alice: Side, bob: Side): Promise<string> {
  await introduce(alice, bob);
  const peerId = bob.host.state.signalling?.peerId ?? "";
  const { callId } = await alice.host.plugin.request("call.start", { peerId, media: "video" });
  await bob.page.waitUntil("the call", () => bob.page.call?.callId === callId);
  await bob.host.plugin.request("call.accept", { callId });
  await Promise.all([alice, bob].map(({ page }) => page.waitUntil("the picture", () => page.isComplete)));
  return callId;
}

/** SIGKILL, so that the plugin cannot send a hang-up. */
function crash({ host }: Side): void {
  const { pid } = host;
  assert.ok(pid);
  dead.push(pid, ...descendants(pid));
  process.kill(pid, "SIGKILL");
}

/** @returns milliseconds until frames and tone of the other side arrive at the page again */
async function recovers({ page }: Side, since: number): Promise<number> {
  await page.waitUntil("the reconnection", () => page.hasReconnected && page.isComplete);
  return performance.now() - since;
}

function median(values: number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}

describe("a plugin that is killed in a call", () => {
  let alice: Side;
  let bob: Side;
  before(async () => {
    pulse = await startPulse();
    ends.push(() => pulse.stop());
    [alice, bob] = [await startSide("Alice", 440), await startSide("Bob", 660)];
  });
  after(async () => {
    for (const end of ends) await end();
  });

  test(`does not end the call, ${CRASHES} times on alternating sides`, async (t) => {
    const callId = await callBetween(alice, bob);
    const initial = alice.page.call;
    const [here, there]: number[][] = [[], []];
    for (let times = 0; times < CRASHES; times += 1) {
      const [victim, other] = times % 2 === 0 ? [alice, bob] : [bob, alice];
      for (const { page } of [victim, other]) page.reset();
      const since = performance.now();
      crash(victim);
      const [ofVictim, ofOther] = await Promise.all([recovers(victim, since), recovers(other, since)]);
      here?.push(ofVictim);
      there?.push(ofOther);
      for (const { page } of [alice, bob]) {
        assert.deepEqual([page.call?.callId, page.ended], [callId, undefined], `crash ${times + 1}`);
      }
      assert.equal(alice.page.call?.createdAt, initial?.createdAt);
      assert.equal(alice.page.call?.connectedAt, initial?.connectedAt);
    }
    for (const [who, values] of [
      ["at the side of the crash", here ?? []],
      ["at the other side", there ?? []],
    ] as const) {
      const [usual, longest] = [median(values), Math.max(...values)].map(Math.round);
      t.diagnostic(`from the crash to the next frame, ${who}: median ${usual} ms, longest ${longest} ms`);
    }
    assert.deepEqual(dead.filter(isRunning), [], "processes of dead plugins");
    await alice.host.plugin.request("call.hangup", { callId });
    for (const { page } of [alice, bob])
      await page.waitUntil("the end", () => page.ended?.reason === "hungUp");
    const { durationMs = 0 } = alice.page.ended ?? {};
    assert.ok(durationMs >= Date.now() - (initial?.connectedAt ?? 0) - 5_000, "the whole call counts");
  });

  test("while the call rings ends it, and both hosts are informed", async () => {
    await introduce(alice, bob);
    const peerId = bob.host.state.signalling?.peerId ?? "";
    const { callId } = await alice.host.plugin.request("call.start", { peerId, media: "video" });
    await bob.page.waitUntil("the ring", () => bob.page.call?.callId === callId);
    crash(alice);
    for (const { page } of [alice, bob]) await page.waitUntil("the end", () => page.ended?.callId === callId);
    assert.deepEqual([alice.page.ended?.reason, bob.page.ended?.reason], ["hostGone", "hostGone"]);
  });

  test("without a key file ends the call, because the next plugin is another peer", async () => {
    const carol = await startSide("Carol", 550, { isKeyKept: false });
    const callId = await callBetween(carol, bob);
    crash(carol);
    await carol.page.waitUntil("the end", () => carol.page.ended?.callId === callId);
    assert.equal(carol.page.ended?.reason, "connectionLost");
    assert.match(carol.page.ended?.detail ?? "", /another peer id now/);
    await bob.host.plugin.request("call.hangup", { callId });
  });
});
