// A call manager with the effects of the product, on fake engines. Tests see what a call does to devices and connection.

import type { ActorOptions, AnyActorLogic } from "xstate";
import type { FrameScaler } from "../../../native/types.ts";
import { type CallManager, createCallManager } from "../../../plugin/calls/call-manager.ts";
import type { MediaCounts } from "../../../plugin/calls/call-media.ts";
import { type CallEnvironment, createCallEnvironment } from "../../../plugin/calls/environment.ts";
import type { Frames } from "../../../plugin/frames/frames.ts";
import { RpcError, type Settings, type Signal, settingsSchema } from "../../../rpc-schema/index.ts";
import type { EndedCall, ManagedCall, UserCallEvent, UserMediaEvent } from "../../../statecharts/index.ts";
import { FakeCameras } from "../fakes/fake-cameras.ts";
import { createFakePeerEngine, type FakePeerEngine } from "../fakes/fake-peer-engine.ts";
import { FakeScreens } from "../fakes/fake-screens.ts";
import { createFakeSound, type FakeSound } from "../fakes/fake-sound.ts";

export const NO_FRAMES = {
  offered: 0,
  unwatched: 0,
  paced: 0,
  replaced: 0,
  failed: 0,
  written: 0,
  waiting: 0,
} as const;

export const NO_MEDIA: MediaCounts = {
  captured: 0,
  captureDropped: 0,
  captureFaulty: 0,
  captureDamaged: 0,
  captureRepaired: 0,
  sent: 0,
  placeholders: 0,
  received: 0,
};

/** Records the frames that it is offered, as "call source". */
class ShownFrames implements Frames {
  readonly shown: string[] = [];
  readonly endedCalls: string[] = [];
  /** By "call source". */
  readonly contents = new Map<string, string>();
  /** As "call source scale rate". */
  readonly limits: string[] = [];

  async subscribe(): Promise<{ stream: string }> {
    return { stream: "s1" };
  }
  unsubscribe(): void {
    throw new RpcError("unknownStream", "this fake has no streams");
  }
  acknowledge(): void {
    throw new Error("this fake has no streams");
  }
  offer(callId: string, source: string): void {
    this.shown.push(`${callId} ${source}`);
  }
  setContent(callId: string, source: string, content: string): void {
    this.contents.set(`${callId} ${source}`, content);
  }
  snapshot(): Promise<never> {
    return Promise.reject(new RpcError("noPicture", "this fake has no frames"));
  }
  counts() {
    return NO_FRAMES;
  }
  turnedAway() {
    return { closed: 0, refused: 0 };
  }
  limit(callId: string, source: string, { scale, rate }: { scale: number; rate: number }): void {
    this.limits.push(`${callId} ${source} ${scale} ${rate}`);
  }
  endCall(callId: string): void {
    this.endedCalls.push(callId);
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Returns frames of the requested size at once. */
class FakeScaler implements FrameScaler {
  /** As "widthxheight". */
  readonly scaled: string[] = [];

  async scale(_frame: unknown, width: number, height: number): Promise<Uint8Array> {
    this.scaled.push(`${width}x${height}`);
    return new Uint8Array((width * height * 3) / 2);
  }
}

export interface SentSignal {
  readonly peerId: string;
  readonly callId: string;
  readonly signal: Signal;
}

export interface CallBenchOptions {
  readonly clock?: NonNullable<ActorOptions<AnyActorLogic>["clock"]>;
  readonly selfId?: string;
  send?(peerId: string, callId: string, signal: Signal, abort?: AbortSignal): Promise<void>;
  beforeStart?(manager: CallManager): void;
}

export class CallBench {
  readonly cameras = new FakeCameras();
  readonly screens = new FakeScreens();
  readonly sound: FakeSound = createFakeSound();
  readonly engine: FakePeerEngine = createFakePeerEngine();
  readonly frames = new ShownFrames();
  readonly scaler = new FakeScaler();
  readonly sent: SentSignal[] = [];
  readonly announced: ManagedCall[] = [];
  readonly ended: EndedCall[] = [];
  readonly logged: string[] = [];
  settings: Settings = settingsSchema.parse({});
  readonly environment: CallEnvironment;
  readonly manager: CallManager;
  readonly #listeners = new Set<(now: Settings, last: Settings) => void>();
  /** Set by a test that uses a reporter. */
  onStateChange: () => void = () => undefined;

  constructor({ clock, selfId = "alice", send, beforeStart }: CallBenchOptions = {}) {
    this.environment = createCallEnvironment({
      isKnown: () => true,
      onRefused: () => undefined,
      native: { createScaler: () => this.scaler },
      cameras: this.cameras,
      screens: this.screens,
      sound: this.sound,
      peers: this.engine,
      frames: this.frames,
      send: async (peerId, callId, signal, abort) => {
        this.sent.push({ peerId, callId, signal });
        await send?.(peerId, callId, signal, abort);
      },
      placeOfPeer: () => "machine",
      settings: {
        get: () => this.settings,
        subscribe: (listener) => {
          this.#listeners.add(listener);
          return () => void this.#listeners.delete(listener);
        },
      },
      log: (_, message) => void this.logged.push(message),
    });
    const callbacks = {
      onCall: (call: ManagedCall) => void this.announced.push(call),
      onEnd: (ended: EndedCall) => void this.ended.push(ended),
      onStateChange: () => this.onStateChange(),
    };
    this.manager = createCallManager(this.environment, callbacks, clock ? { clock } : {});
    beforeStart?.(this.manager);
    this.manager.start();
    this.manager.send({ type: "signalling.ready", selfId });
  }

  receiveSignal(from: string, callId: string, signal: Signal): void {
    this.manager.send({ type: "signal.received", from, callId, signal });
  }

  /** Bob calls with video, and the user accepts. Known as a plugin, he is certain to take our picture, so the camera opens at once. */
  async takeVideoCall(callId: string): Promise<void> {
    this.receiveSignal("bob", callId, { type: "call-request", mediaType: "video" });
    this.receiveSignal("bob", callId, { type: "call-media", microphone: true, camera: true });
    await this.sendToCall(callId, { type: "user.accept", media: null });
  }

  /** What the user does in a call. */
  async sendToCall(callId: string, event: UserCallEvent | UserMediaEvent): Promise<void> {
    this.manager.send({ type: "user.toCall", callId, event });
    await settle();
  }

  /** As the host's `settings.update` does it. */
  changeSettings(change: Partial<Settings>): void {
    const last = this.settings;
    this.settings = { ...last, ...change };
    for (const listener of [...this.#listeners]) listener(this.settings, last);
  }

  /** Everything that is open: devices by kind, connections as "peer". */
  open(): string[] {
    const cameras = this.cameras.openNow.map(() => "camera");
    const sound = (["microphone", "speaker"] as const).flatMap((kind) =>
      this.sound.openIds(kind).map(() => kind),
    );
    const peers = this.engine.peers.filter((peer) => !peer.isClosed).map(() => "peer");
    const screens = this.screens.openNow.map(() => "screen");
    return [...cameras, ...screens, ...sound, ...peers];
  }

  calls(): ManagedCall[] {
    return Object.values(this.manager.getSnapshot().context.calls);
  }
}

/** Waits for enough turns of the event loop for everything that the fakes defer. */
export async function settle(turns = 8): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await new Promise(setImmediate);
}
