// `Goop.call` and `Goop.callState` on a fake link: the notifications of a page and their order, replays, and the return values
// of the toggles. The browser tests cover video.

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

/** Answers requests at once as the plugin does, and sends the notifications that the test chooses. */
class FakeLink {
  readonly requests: string[] = [];
  calls: CallInfo[] = [];
  refusal: LinkError | undefined;
  onOpenChange: (isOpen: boolean) => void = () => undefined;
  readonly #handlers = new Map<string, (params: never) => void>();

  on(method: string, handler: (params: never) => void): void {
    this.#handlers.set(method, handler);
  }
  async request(method: string, params: object): Promise<unknown> {
    this.requests.push(`${method} ${JSON.stringify(params)}`);
    if (method === "call.list") return { calls: this.calls };
    if (this.refusal) throw this.refusal;
    return method === "call.start" ? { callId: "call-of-test" } : null;
  }
  notify(method: string, params: object): void {
    this.#handlers.get(method)?.(params as never);
  }
  /** Sends the state that the host sends when a page connects. */
  async ready(): Promise<void> {
    this.notify("host.state", { label: "", plugin: { state: "ready" } });
    await settled();
  }
  change(change: Partial<CallInfo>): void {
    this.notify("call.changed", callWithBob(change));
  }
  end(reason: EndReason = "hungUp"): void {
    this.calls = [];
    const end = { callId: "call-of-test", peerId: BOB, reason, endedBy: "remote", durationMs: 0 };
    this.notify("call.ended", end);
  }
}

describe("Goop.call", () => {
  let link: FakeLink;
  let calls: GoopCalls;
  let state: CallState;
  const reported: unknown[] = [];
  beforeEach(() => {
    reported.length = 0;
    // Browsers have this function, Node does not.
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

  test("start waits until the plugin is ready", async () => {
    const starting = calls.start(BOB, { audio: true, video: true });
    await settled();
    assert.equal(link.requests.length, 0);
    link.calls = [callWithBob({ phase: "requesting" })];
    await link.ready();
    const session = await starting;
    assert.ok(link.requests.includes(`call.start {"peerId":"${BOB}","media":"video"}`));
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

  for (const [requested, media] of [
    ["audio", "audio"],
    ["video", "video"],
    [{ audio: true, video: false }, "audio"],
    [{ audio: true }, "audio"],
    [{ video: true }, "video"],
  ] as const) {
    test(`start with ${JSON.stringify(requested)} requests ${media}`, async () => {
      await link.ready();
      link.calls = [callWithBob()];
      await calls.start(BOB, requested);
      assert.ok(
        link.requests.some(
          (request) => /^call\.start/.test(request) && request.includes(`"media":"${media}"`),
        ),
      );
    });
  }

  test("a refusal rejects start and leaves no session", async () => {
    await link.ready();
    link.refusal = new LinkError("alreadyInCall", "one call at a time");
    await assert.rejects(
      calls.start(BOB),
      (error) => error instanceof LinkError && error.kind === "alreadyInCall",
    );
    assert.deepEqual(calls.activeCalls(), []);
  });

  test("states are those of RTCPeerConnection, each once, and onHangup comes last", async () => {
    const session = await started();
    const events: string[] = [];
    session.onStateChange((newState) => events.push(newState));
    session.onHangup(() => events.push("hung up"));
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
    assert.deepEqual(events, ["connecting", "connected", "disconnected", "connected", "closed", "hung up"]);
    assert.deepEqual(calls.activeCalls(), []);
  });

  test("a listener that throws does not prevent the others from running", async () => {
    const session = await started();
    let hasRun = false;
    session.onHangup(() => {
      throw new Error("of the page");
    });
    session.onHangup(() => {
      hasRun = true;
    });
    link.end();
    assert.deepEqual([hasRun, reported.length], [true, 1]);
  });

  test("toggles return the new state, also before the plugin has notified it", async () => {
    const session = await started();
    link.change({});
    assert.deepEqual(
      [session.toggleAudio(), session.toggleAudio(), session.toggleAudio()],
      [false, true, false],
    );
    assert.deepEqual(
      link.requests
        .filter((request) => request.startsWith("call.setMicrophone"))
        .map((request) => /"on":(\w+)/.exec(request)?.[1]),
      ["false", "true", "false"],
    );
    await settled();
    link.change(microphone(false));
    assert.equal(session.toggleAudio(), true);
    assert.equal(session.toggleVideo(), false);
  });

  test("after its answer, the plugin's notifications set the state again", async () => {
    const session = await started();
    link.change({});
    session.toggleAudio();
    await settled();
    link.change(microphone(true));
    assert.equal(session.isAudioOn, true);
    link.change(microphone(false));
    assert.equal(session.toggleAudio(), true);
  });

  test("a refused toggle changes nothing", async () => {
    const session = await started();
    link.change({});
    link.refusal = new LinkError("wrongCallState", "not now");
    session.toggleAudio();
    await settled();
    assert.equal(session.isAudioOn, true);
    assert.deepEqual(reported, [link.refusal]);
  });

  test("an incoming call is reported once, and replayed to later listeners while it rings", async () => {
    await link.ready();
    const reportedCalls: IncomingCall[] = [];
    calls.onIncoming((incoming) => reportedCalls.push(incoming));
    link.notify("call.incoming", callWithBob({ ...RINGING, media: "audio" }));
    link.change({ ...RINGING, media: "audio" });
    const [incoming] = reportedCalls;
    assert.ok(incoming && reportedCalls.length === 1);
    const { channelId, peerId, remotePeerId, mediaType } = incoming;
    assert.deepEqual([channelId, peerId, remotePeerId, mediaType], ["call-of-test", BOB, BOB, "audio"]);
    assert.deepEqual(calls.activeCalls(), []);
    let ended = 0;
    incoming.onEnded(() => {
      ended += 1;
    });
    calls.onIncoming((again) => reportedCalls.push(again));
    assert.equal(reportedCalls.length, 2);
    link.end("cancelled");
    calls.onIncoming((again) => reportedCalls.push(again));
    assert.deepEqual([reportedCalls.length, ended], [2, 1]);
  });

  test("accept returns the session, reject declines the call", async () => {
    await link.ready();
    const incomingCall = Promise.withResolvers<IncomingCall>();
    calls.onIncoming(incomingCall.resolve);
    link.notify("call.incoming", callWithBob(RINGING));
    const incoming = await incomingCall.promise;
    incoming.reject();
    assert.ok(link.requests.includes('call.reject {"callId":"call-of-test"}'));
    link.calls = [callWithBob({ direction: "incoming", phase: "connecting" })];
    const session = await incoming.accept();
    assert.deepEqual(
      [session.channelId, session.isOrigin, session.state],
      ["call-of-test", false, "connecting"],
    );
  });

  test("a page that is loaded during a call restores it, and replays it to later listeners", async () => {
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

  test("a call that changes while the page loads it is restored too", async () => {
    const restored: GoopSession[] = [];
    calls.onRestore((session) => restored.push(session));
    link.calls = [callWithBob()];
    const loaded = link.ready();
    link.change({ quality: "fair" });
    await loaded;
    assert.deepEqual(restored, calls.activeCalls());
    assert.equal(restored.length, 1);
  });

  test("a call that this page started is not restored when the connection returns", async () => {
    const session = await started();
    link.onOpenChange(false);
    const restored: GoopSession[] = [];
    calls.onRestore((session) => restored.push(session));
    await link.ready();
    assert.deepEqual(restored, []);
    assert.deepEqual(calls.activeCalls(), [session]);
  });

  test("a call that ended without a connection hangs up when the connection returns", async () => {
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

  test("when the plugin stops, its calls fail", async () => {
    const session = await started();
    const states: string[] = [];
    session.onStateChange((newState) => states.push(newState));
    link.notify("host.state", { label: "", plugin: { state: "stopped" } });
    assert.deepEqual(states, ["failed"]);
    assert.equal(state.phase, "idle");
  });

  test("when the plugin restarts for a call, the session stays and subscribes again", async () => {
    const session = await started();
    link.change({ phase: "connected" });
    const [states, urls]: string[][] = [[], []];
    let hangups = 0;
    session.onStateChange((newState) => states?.push(newState));
    session.onHangup(() => {
      hangups += 1;
    });
    session.onRemoteVideoSrc((url) => urls?.push(url));
    await settled();
    const subscriptions = () =>
      link.requests.filter((request) => request.startsWith("frames.subscribe")).length;
    const before = subscriptions();
    for (const state of ["starting", "starting"]) {
      link.notify("host.state", { label: "", plugin: { state, resumes: session.channelId } });
    }
    assert.deepEqual([states, state.phase, subscriptions()], [["disconnected"], "disconnected", before]);
    link.calls = [callWithBob({ phase: "reconnecting" })];
    await link.ready();
    link.change({ phase: "connected" });
    assert.deepEqual([states, hangups], [["disconnected", "connected"], 0]);
    assert.deepEqual(calls.activeCalls(), [session]);
    assert.equal(subscriptions(), before + 1, "the streams ended with the plugin");
  });

  test("when the plugin restarts for one call, the others fail", async () => {
    const session = await started();
    link.notify("host.state", { label: "", plugin: { state: "starting", resumes: "another" } });
    assert.deepEqual([session.state, state.phase], ["failed", "idle"]);
  });

  describe("callState", () => {
    test("follows the phases of a call, with its channel and peer", async () => {
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

    test("is incoming while a call rings, and then idle", async () => {
      await link.ready();
      link.notify("call.incoming", callWithBob(RINGING));
      assert.equal(state.phase, "incoming");
      link.end("cancelled");
      assert.equal(state.phase, "idle");
    });

    test("stays error after a failure until the next call", async () => {
      await started();
      link.change({});
      link.end("connectionLost");
      assert.deepEqual([state.phase, state.channelId], ["error", "call-of-test"]);
      await link.ready();
      assert.equal(state.phase, "error");
      link.change({ phase: "requesting" });
      assert.equal(state.phase, "requesting");
    });

    test("a watcher gets changes of its key with the previous value, until it is removed", async () => {
      const changes: string[][] = [];
      const off = state.watch("peerID", (value, previous) => changes.push([value, previous]));
      await started();
      link.change({ phase: "connecting" });
      link.change({ phase: "connected" });
      off();
      link.end();
      assert.deepEqual(changes, [[BOB, ""]]);
    });
  });
});
