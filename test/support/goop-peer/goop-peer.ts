// A whole Goop² peer: node, calls of one flavour, and an observer of what it receives.

import type { DeployedCalls, DeployedRing } from "./deployed-call.ts";
import { type Delivered, type GoopNode, startGoopNode } from "./goop-node.ts";
import { NativeCalls } from "./native-calls.ts";
import { Observer } from "./observer.ts";
import { PageCalls } from "./page/page-calls.ts";
import { BROWSER_HABITS, NATIVE_HABITS, type Quirks, SDK_HABITS } from "./quirks.ts";
import { RtcEngine } from "./rtc-engine.ts";
import { SoundGate } from "./sound-gate.ts";
import { CALL_TOPIC } from "./wire/wire.ts";

export type Flavour = "native" | "browser" | "sdk";

export interface GoopPeerOptions {
  readonly flavour: Flavour;
  readonly label?: string;
  /** Added to the flavour's own habits. */
  readonly quirks?: Partial<Quirks>;
  readonly toneHz?: number;
}

/** One page of a user. It receives every message for the peer, and knows the calls that were made or taken in it. */
interface GoopWindow {
  readonly calls: DeployedCalls;
  /** The next matching request. It may have arrived already, if no earlier call returned it. */
  nextRing(fits?: (ring: DeployedRing) => boolean): Promise<DeployedRing>;
}

export interface GoopPeer extends GoopWindow {
  readonly flavour: Flavour;
  readonly node: GoopNode;
  readonly observer: Observer;
  readonly toneHz: number;
  /** A second page of the same user. */
  openWindow(): GoopWindow;
  /** Number of requests so far. */
  readonly rings: number;
  stop(): Promise<void>;
}

const HABITS: Readonly<Record<Flavour, Quirks>> = {
  native: NATIVE_HABITS,
  browser: BROWSER_HABITS,
  sdk: SDK_HABITS,
};
/** Shorter than Goop²'s five seconds, because others learn of a connected peer by its next heartbeat. */
const HEARTBEAT_MS = 500;
const RING_LIMIT_MS = 20_000;

/** Network and media stay on loopback. */
export async function startGoopPeer(options: GoopPeerOptions): Promise<GoopPeer> {
  const quirks: Quirks = { ...HABITS[options.flavour], ...options.quirks };
  const node = await startGoopNode({ label: options.label ?? "Gustav", quirks, heartbeatMs: HEARTBEAT_MS });
  const toneHz = options.toneHz ?? 600;
  const engine = new RtcEngine(toneHz);
  const observer = new Observer();
  const windows: DeployedCalls[] = [];
  const openWindow = () => {
    const calls = makeCalls(options.flavour, { node, engine, observer, quirks });
    const rings = new RingQueue();
    calls.onRing((ring) => rings.add(ring));
    node.subscribe(CALL_TOPIC, ({ from, topic, payload }: Delivered) => {
      if (from !== undefined) calls.take(from, topic.slice(CALL_TOPIC.length), payload);
    });
    windows.push(calls);
    return { calls, rings, nextRing: (fits = (_: DeployedRing) => true) => rings.next(fits) };
  };
  const { calls, rings, nextRing } = openWindow();
  return {
    flavour: options.flavour,
    node,
    calls,
    observer,
    toneHz,
    nextRing,
    openWindow,
    get rings() {
      return rings.count;
    },
    async stop() {
      for (const window of windows) await window.stop();
      engine.close();
      await node.stop();
    },
  };
}

interface PeerParts {
  readonly node: GoopNode;
  readonly engine: RtcEngine;
  readonly observer: Observer;
  readonly quirks: Quirks;
}

function makeCalls(flavour: Flavour, { node, engine, observer, quirks }: PeerParts): NativeCalls | PageCalls {
  if (flavour === "native") {
    const send = (peerId: string, channelId: string, message: unknown) =>
      node.send(peerId, `${CALL_TOPIC}${channelId}`, message);
    return new NativeCalls({ engine, observer, quirks, send });
  }
  const stored = new Map<string, string>();
  const gates = new Map<MediaStream | undefined, SoundGate>();
  return new PageCalls(
    {
      platform: "windows",
      send: (peerId, topic, payload) => node.send(peerId, topic, payload),
      connect: () => engine.connect(),
      capture: (kinds) => engine.capture(kinds),
      show(_, track, stream) {
        const gate = gates.get(stream) ?? new SoundGate(observer, quirks.soundWaitsFor);
        gates.set(stream, gate);
        if (track.kind === "video") gate.expectPictures();
        engine.observe(track, gate);
      },
      storage: {
        getItem: (key) => stored.get(key) ?? null,
        setItem: (key, value) => void stored.set(key, value),
        removeItem: (key) => void stored.delete(key),
      },
    },
    quirks,
  );
}

class RingQueue {
  count = 0;
  #rings: DeployedRing[] = [];
  readonly #waiting = new Set<() => void>();

  add(ring: DeployedRing): void {
    this.count += 1;
    this.#rings.push(ring);
    for (const check of [...this.#waiting]) check();
  }

  next(fits: (ring: DeployedRing) => boolean): Promise<DeployedRing> {
    const { promise, resolve, reject } = Promise.withResolvers<DeployedRing>();
    const timer = setTimeout(
      () => reject(new Error(`no request rang within ${RING_LIMIT_MS} ms`)),
      RING_LIMIT_MS,
    );
    const check = () => {
      const ring = this.#rings.find(fits);
      if (!ring) return;
      this.#rings = this.#rings.filter((one) => one.channelId !== ring.channelId);
      this.#waiting.delete(check);
      resolve(ring);
    };
    this.#waiting.add(check);
    check();
    return promise.finally(() => clearTimeout(timer));
  }
}
