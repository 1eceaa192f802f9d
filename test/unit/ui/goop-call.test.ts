// `Goop.call` and `Goop.callState` against a link of the test's own: what pages are told, in which order, what is replayed,
// and the polarity of the toggles. Pictures are the browser tests' matter.

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { GoopCalls, type IncomingCall } from "../../../plugin/ui/goop/goop-calls.ts";
import type { GoopSession } from "../../../plugin/ui/goop/goop-session.ts";
import { CallState } from "../../../plugin/ui/goop/goop-state.ts";
import { type Link, LinkError } from "../../../plugin/ui/link/page-link.ts";
import type { CallInfo, EndReason } from "../../../rpc-schema/index.ts";
import { settled } from "../../support/fakes/fake-frames.ts";
import { BOB, callWithBob } from "../../support/fakes/scripted-host.ts";

const RINGING = { direction: "incoming", phase: "ringing" } as const;

/** Answers when the test says, or at once with what the plugin would say. */
class FakeLink {
  readonly asked: string[] = [];
  calls: CallInfo[] = [];
  refusal: LinkError | undefined;
  onOpenChange: (isOpen: boolean) => void = () => undefined;
  readonly #handlers = new Map<string, (params: never) => void>();

  on(method: string, handler: (params: never) => void): void {
    this.#handlers.set(method, handler);
  }
  async request(method: string, params: object): Promise<unknown> {
    this.asked.push(`${method} ${JSON.stringify(params)}`);
    if (method === "call.list") return { calls: this.calls };
    if (this.refusal) throw this.refusal;
    return method === "call.start" ? { callId: "call-of-test" } : null;
  }
  tell(method: string, params: object): void {
    this.#handlers.get(method)?.(params as never);
  }
  /** As the host greets a page. */
  async ready(): Promise<void> {
    this.tell("host.state", { label: "", plugin: { state: "ready" } });
    await settled();
  }
  change(change: Partial<CallInfo>): void {
    this.tell("call.changed", callWithBob(change));
  }
  end(reason: EndReason = "hungUp"): void {
    this.calls = [];
    const end = { callId: "call-of-test", peerId: BOB, reason, endedBy: "remote", durationMs: 0 };
    this.tell("call.ended", end);
  }
}

describe("Goop.call", () => {
  let link: FakeLink;
  let calls: GoopCalls;
  let state: CallState;
  const reported: unknown[] = [];
  beforeEach(() => {
    reported.length = 0;
    // A browser has it, Node has not.
    globalThis.reportError = (error) => reported.push(error);
    link = new FakeLink();
    calls = new GoopCalls(link as unknown as Link);
    state = new CallState();
    calls.onChange = (all, ended) => state.update(all, ended);
  });

  const started = async (): Promise<GoopSession> => {
    await link.ready();
    link.calls = [callWithBob({ phase: "requesting" })];
    return await calls.start(BOB, "video");
  };
  const microphone = (on: boolean): Partial<CallInfo> => ({
    local: { ...callWithBob().local, microphone: { state: on ? "live" : "muted" } },
  });

  test("starts a call when the plugin is ready, and no sooner", async () => {
    const starting = calls.start(BOB, { audio: true, video: true });
    await settled();
    assert.equal(link.asked.length, 0);
    link.calls = [callWithBob({ phase: "requesting" })];
    await link.ready();
    const session = await starting;
    assert.ok(link.asked.includes(`call.start {"peerId":"${BOB}","media":"video"}`));
    const { channelId, remotePeer, remotePeerId, isOrigin, mediaType, localStream, remoteStream } = session;
    assert.deepEqual(
      { channelId, remotePeer, remotePeerId, isOrigin, mediaType, localStream, remoteStream },
      {
        channelId: "call-of-test",
        remotePeer: BOB,
        remotePeerId: BOB,
        isOrigin: true,
        mediaType: "video",
        localStream: null,
        remoteStream: null,
      },
    );
    assert.deepEqual(calls.activeCalls(), [session]);
  });

  for (const [wish, media] of [
    ["audio", "audio"],
    ["video", "video"],
    [{ audio: true, video: false }, "audio"],
    [{ audio: true }, "audio"],
    [{ video: true }, "video"],
  ] as const) {
    test(`a wish of ${JSON.stringify(wish)} is a call with ${media}`, async () => {
      await link.ready();
      link.calls = [callWithBob()];
      await calls.start(BOB, wish);
      assert.ok(link.asked.some((one) => one.startsWith("call.start") && one.includes(`"media":"${media}"`)));
    });
  }

  test("a refusal reaches the page, and leaves no session", async () => {
    await link.ready();
    link.refusal = new LinkError("alreadyInCall", "one call at a time");
    await assert.rejects(
      calls.start(BOB),
      (error) => error instanceof LinkError && error.kind === "alreadyInCall",
    );
    assert.deepEqual(calls.activeCalls(), []);
  });

  test("states come in the words of a peer connection, each once, and hang-up after the last", async () => {
    const session = await started();
    const told: string[] = [];
    session.onStateChange((one) => told.push(one));
    session.onHangup(() => told.push("hung up"));
    for (const phase of [
      "ringing",
      "connecting",
      "connected",
      "connected",
      "reconnecting",
      "connected",
    ] as const) {
      link.change({ phase });
    }
    link.end();
    assert.deepEqual(told, ["connecting", "connected", "disconnected", "connected", "closed", "hung up"]);
    assert.deepEqual(calls.activeCalls(), []);
  });

  test("a listener that throws keeps nobody else from being told", async () => {
    const session = await started();
    let isTold = false;
    session.onHangup(() => {
      throw new Error("of the page");
    });
    session.onHangup(() => {
      isTold = true;
    });
    link.end();
    assert.deepEqual([isTold, reported.length], [true, 1]);
  });

  test("toggles say whether it is on, also before the plugin has told", async () => {
    const session = await started();
    link.change({});
    assert.deepEqual(
      [session.toggleAudio(), session.toggleAudio(), session.toggleAudio()],
      [false, true, false],
    );
    assert.deepEqual(
      link.asked
        .filter((one) => one.startsWith("call.setMicrophone"))
        .map((one) => /"on":(\w+)/.exec(one)?.[1]),
      ["false", "true", "false"],
    );
    await settled();
    link.change(microphone(false));
    assert.equal(session.toggleAudio(), true);
    assert.equal(session.toggleVideo(), false);
  });

  test("what the plugin tells counts again once it has answered, whoever changed it", async () => {
    const session = await started();
    link.change({});
    session.toggleAudio();
    await settled();
    link.change(microphone(true));
    assert.equal(session.isAudioOn, true);
    link.change(microphone(false));
    assert.equal(session.toggleAudio(), true);
  });

  test("a toggle that is refused changes nothing", async () => {
    const session = await started();
    link.change({});
    link.refusal = new LinkError("wrongCallState", "not now");
    session.toggleAudio();
    await settled();
    assert.equal(session.isAudioOn, true);
    assert.deepEqual(reported, [link.refusal]);
  });

  test("who rings is told once, and to those who ask later, too, until it rings no more", async () => {
    await link.ready();
    const heard: IncomingCall[] = [];
    calls.onIncoming((incoming) => heard.push(incoming));
    link.tell("call.incoming", callWithBob({ ...RINGING, media: "audio" }));
    link.change({ ...RINGING, media: "audio" });
    const [incoming] = heard;
    assert.ok(incoming && heard.length === 1);
    const { channelId, peerId, remotePeerId, mediaType } = incoming;
    assert.deepEqual([channelId, peerId, remotePeerId, mediaType], ["call-of-test", BOB, BOB, "audio"]);
    assert.deepEqual(calls.activeCalls(), []);
    let ended = 0;
    incoming.onEnded(() => {
      ended += 1;
    });
    calls.onIncoming((again) => heard.push(again));
    assert.equal(heard.length, 2);
    link.end("cancelled");
    calls.onIncoming((again) => heard.push(again));
    assert.deepEqual([heard.length, ended], [2, 1]);
  });

  test("accepting gives the session, rejecting declines", async () => {
    await link.ready();
    const heard = Promise.withResolvers<IncomingCall>();
    calls.onIncoming(heard.resolve);
    link.tell("call.incoming", callWithBob(RINGING));
    const incoming = await heard.promise;
    incoming.reject();
    assert.ok(link.asked.includes('call.reject {"callId":"call-of-test"}'));
    link.calls = [callWithBob({ direction: "incoming", phase: "connecting" })];
    const session = await incoming.accept();
    assert.deepEqual(
      [session.channelId, session.isOrigin, session.state],
      ["call-of-test", false, "connecting"],
    );
  });

  test("a page that is loaded in mid-call finds its call, and tells it to those who ask later, too", async () => {
    const restored: GoopSession[] = [];
    calls.onRestore((session) => restored.push(session));
    link.calls = [callWithBob()];
    await link.ready();
    calls.onRestore((session) => restored.push(session));
    assert.equal(restored.length, 2);
    assert.equal(restored[0], restored[1]);
    assert.deepEqual(calls.activeCalls(), [restored[0]]);
    assert.equal(state.phase, "connected");
    link.end();
    calls.onRestore((session) => restored.push(session));
    assert.equal(restored.length, 2);
  });

  test("a call of which something is told while the page still asks is found again all the same", async () => {
    const restored: GoopSession[] = [];
    calls.onRestore((session) => restored.push(session));
    link.calls = [callWithBob()];
    const loaded = link.ready();
    link.change({ quality: "fair" });
    await loaded;
    assert.deepEqual(restored, calls.activeCalls());
    assert.equal(restored.length, 1);
  });

  test("a call that this page began is not found again when its connection comes back", async () => {
    const session = await started();
    link.onOpenChange(false);
    const restored: GoopSession[] = [];
    calls.onRestore((one) => restored.push(one));
    await link.ready();
    assert.deepEqual(restored, []);
    assert.deepEqual(calls.activeCalls(), [session]);
  });

  test("a call that ended while there was no connection is over when there is one again", async () => {
    const session = await started();
    let hangups = 0;
    session.onHangup(() => {
      hangups += 1;
    });
    link.onOpenChange(false);
    link.calls = [];
    await link.ready();
    assert.deepEqual([hangups, calls.activeCalls()], [1, []]);
  });

  test("a plugin that dies takes its calls along", async () => {
    const session = await started();
    const told: string[] = [];
    session.onStateChange((one) => told.push(one));
    link.tell("host.state", { label: "", plugin: { state: "stopped" } });
    assert.deepEqual(told, ["failed"]);
    assert.equal(state.phase, "idle");
  });

  test("a plugin that dies and comes back for the call leaves the session standing, and asks for its own again", async () => {
    const session = await started();
    link.change({ phase: "connected" });
    const [told, urls]: string[][] = [[], []];
    let hangups = 0;
    session.onStateChange((one) => told?.push(one));
    session.onHangup(() => {
      hangups += 1;
    });
    session.onRemoteVideoSrc((url) => urls?.push(url));
    await settled();
    const subscriptions = () => link.asked.filter((one) => one.startsWith("frames.subscribe")).length;
    const before = subscriptions();
    for (const state of ["starting", "starting"]) {
      link.tell("host.state", { label: "", plugin: { state, resumes: session.channelId } });
    }
    assert.deepEqual([told, state.phase, subscriptions()], [["disconnected"], "disconnected", before]);
    link.calls = [callWithBob({ phase: "reconnecting" })];
    await link.ready();
    link.change({ phase: "connected" });
    assert.deepEqual([told, hangups], [["disconnected", "connected"], 0]);
    assert.deepEqual(calls.activeCalls(), [session]);
    assert.equal(subscriptions(), before + 1, "the streams of the dead plugin are gone");
  });

  test("a plugin that comes back for one call takes the others along", async () => {
    const session = await started();
    link.tell("host.state", { label: "", plugin: { state: "starting", resumes: "another" } });
    assert.deepEqual([session.state, state.phase], ["failed", "idle"]);
  });

  describe("callState", () => {
    test("goes through a call's phases, with its channel and peer", async () => {
      const phases: string[] = [];
      state.watch("phase", (phase) => phases.push(phase), true);
      assert.deepEqual([state.channelId, state.peerID], ["", ""]);
      const session = await started();
      assert.deepEqual([state.channelId, state.peerID], [session.channelId, BOB]);
      for (const phase of ["ringing", "connecting", "connected", "reconnecting"] as const)
        link.change({ phase });
      link.end();
      assert.deepEqual(phases, ["idle", "requesting", "connecting", "connected", "disconnected", "idle"]);
      assert.deepEqual([state.channelId, state.peerID], ["", ""]);
    });

    test("an incoming call is incoming, and idle when it rings no more", async () => {
      await link.ready();
      link.tell("call.incoming", callWithBob(RINGING));
      assert.equal(state.phase, "incoming");
      link.end("cancelled");
      assert.equal(state.phase, "idle");
    });

    test("a failure stays an error until the next call", async () => {
      await started();
      link.change({});
      link.end("connectionLost");
      assert.deepEqual([state.phase, state.channelId], ["error", "call-of-test"]);
      await link.ready();
      assert.equal(state.phase, "error");
      link.change({ phase: "requesting" });
      assert.equal(state.phase, "requesting");
    });

    test("a watcher hears changes of its own key, with what was before, until it ends", async () => {
      const told: string[][] = [];
      const off = state.watch("peerID", (value, before) => told.push([value, before]));
      await started();
      link.change({ phase: "connecting" });
      link.change({ phase: "connected" });
      off();
      link.end();
      assert.deepEqual(told, [[BOB, ""]]);
    });
  });
});
