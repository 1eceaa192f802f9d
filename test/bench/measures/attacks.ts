// What strangers cost a call in progress: each attack of test/support/attack in turn, beside the same call at rest. The attackers
// share the machine, at the lowest priority.

import { setTimeout as delay } from "node:timers/promises";
import { frameLineRoute } from "../../../plugin/rpc/host-link.ts";
import { type Attacker, type AttackJob, JOBS, startAttack } from "../../support/attack/attacker.ts";
import type { AttackName } from "../../support/attack/attacks.ts";
import { startGoopMqPeer } from "../../support/network/goop-mq-peer.ts";
import { connectCall, type PluginProcess, startPair } from "../../support/plugin/plugin-process.ts";
import { type Pulse, startPulse } from "../../support/sound/pulse.ts";
import { longestGapMs } from "../../support/sound/sound-card-clock.ts";
import { type FigureName, quantile } from "../figures.ts";
import { recordTimed } from "./sound/mouth-to-ear.ts";

const ATTACK_FIGURES = [
  "attack.frames",
  "attack.answers",
  "attack.soundGap",
  "attack.notified",
  "attack.acknowledged",
  "attack.rings",
] as const satisfies FigureName[];

/** A tenth of the received tone: -32 dB of full scale. */
const HEARD = 800;
const WARM_UP_MS = 3_000;
/** As many signals a second as the machine can send, for at least so long. */
const SIGNALS_MS = 10_000;
const ASK_EVERY_MS = 20;
const HONEST_REQUESTS = 39;
const RINGS = 5;

interface Window {
  readonly fps: number;
  /** For an answer to a cheap request, 95 % within. */
  readonly answerMs: number;
  /** Longest silence of a tone at Alice's speaker. */
  readonly gapMs: number;
  /** Notifications about contacts, calls and signalling. */
  readonly notifiedPerSecond: number;
  /** What the attack did. */
  readonly note: string;
}

type SetFigure = (name: FigureName, value: number, note?: string) => void;

export const ATTACK_STAGE = {
  what: "strangers attack over libp2p while a call is in progress, 240p",
  figures: ATTACK_FIGURES,
  run: ({ windowMs }: { windowMs: number }, results: { set: SetFigure }) =>
    measureAttacks(windowMs / 2, results.set.bind(results)),
};

/** @param windowMs of each attack */
async function measureAttacks(windowMs: number, set: SetFigure): Promise<void> {
  const ear = await startPulse({ prompt: true });
  try {
    const { alice, bob, stop } = await startPair({ settings: { speaker: "auto" }, env: ear.env });
    try {
      const callId = await connectCall(bob, alice);
      const call = new MeasuredCall(alice, ear);
      await call.show(callId);
      await delay(WARM_UP_MS);
      const rest = await call.measure(windowMs);
      const attacks = new Map<AttackName, Window>();
      for (const job of Object.values(JOBS)) {
        const lastsMs = job.attack === "signals" ? Math.max(windowMs, SIGNALS_MS) : windowMs;
        attacks.set(job.attack, await attacked(alice, job, (attacker) => call.measure(lastsMs, attacker)));
      }
      reportWindows(rest, attacks, set);
      set("attack.acknowledged", await acknowledged(alice), `of ${HONEST_REQUESTS} by a stranger`);
      await bob.host.request("call.hangup", { callId });
      await attacked(alice, JOBS.signals, async (attacker) => {
        const rings = await countRings(alice, bob);
        set("attack.rings", (100 * rings) / RINGS, `${rings} of ${RINGS}; ${noteOf(attacker)}`);
      });
    } finally {
      await stop();
    }
  } finally {
    await ear.stop();
  }
}

/** Shows the remote frames to a host that acknowledges each, and asks all the time. */
class MeasuredCall {
  readonly #alice: PluginProcess;
  readonly #ear: Pulse;
  #frames = 0;
  #notified = 0;

  constructor(alice: PluginProcess, ear: Pulse) {
    this.#alice = alice;
    this.#ear = ear;
  }

  async show(callId: string): Promise<void> {
    const { host } = this.#alice;
    host.onFrameLine((line) => {
      const route = frameLineRoute(line);
      if (!route) return;
      this.#frames += 1;
      host.notify("frames.ack", route);
    });
    for (const name of ["contacts.changed", "call.incoming", "call.ended", "signalling.changed"] as const) {
      host.onNotification(name, () => {
        this.#notified += 1;
      });
    }
    await host.request("frames.subscribe", { callId, source: "remote" });
  }

  async measure(lastsMs: number, attacker?: Attacker): Promise<Window> {
    const start = { atMs: performance.now(), frames: this.#frames, notified: this.#notified };
    const before = attacker?.counts();
    const sound = recordTimed(this.#ear, "speaker", lastsMs);
    const answersMs: number[] = [];
    while (performance.now() - start.atMs < lastsMs) {
      const askedAt = performance.now();
      await this.#alice.host.request("call.list", {});
      answersMs.push(performance.now() - askedAt);
      await delay(ASK_EVERY_MS);
    }
    const seconds = (performance.now() - start.atMs) / 1_000;
    const [fps, notified] = [(this.#frames - start.frames) / seconds, this.#notified - start.notified];
    const { samples } = await sound;
    const did = before && attacker ? attacker.counts().actions - before.actions : 0;
    return {
      fps,
      answerMs: quantile(answersMs, 0.95),
      gapMs: longestGapMs(samples, HEARD),
      notifiedPerSecond: notified / seconds,
      note: attacker ? `${(did / seconds).toFixed(0)} a second, ${noteOf(attacker)}` : "at rest",
    };
  }
}

async function attacked<T>(
  alice: PluginProcess,
  job: Omit<AttackJob, "target">,
  work: (attacker: Attacker) => Promise<T>,
): Promise<T> {
  const attacker = await startAttack({ ...job, target: alice.address });
  try {
    return await work(attacker);
  } finally {
    await attacker.stop();
  }
}

function noteOf(attacker: Attacker): string {
  const { connections, refused } = attacker.counts();
  return `${connections} identities connected, ${refused} refused`;
}

/** The worst of each. */
function reportWindows(rest: Window, attacks: ReadonlyMap<AttackName, Window>, set: SetFigure): void {
  const worst = (figureOf: (window: Window) => number) =>
    [...attacks].reduce((found, one) => (figureOf(one[1]) > figureOf(found[1]) ? one : found));
  const report = (name: FigureName, figureOf: (window: Window) => number, atRest: string) => {
    const [attack, window] = worst(figureOf);
    set(name, Math.abs(figureOf(window)), `${attack} (${window.note}); at rest ${atRest}`);
  };
  report("attack.frames", ({ fps }) => -fps / rest.fps, `${rest.fps.toFixed(1)} a second`);
  report("attack.answers", ({ answerMs }) => answerMs, `${rest.answerMs.toFixed(1)} ms`);
  report("attack.soundGap", ({ gapMs }) => gapMs, `${rest.gapMs.toFixed(0)} ms`);
  report("attack.notified", ({ notifiedPerSecond }) => notifiedPerSecond, "none");
}

/** @returns the percentage of an honest stranger's requests that are acknowledged, while two others hold their streams open */
async function acknowledged(alice: PluginProcess): Promise<number> {
  const carol = await startGoopMqPeer("Carol");
  try {
    await carol.dial(alice.address);
    return await attacked(alice, JOBS.halfOpen, async () => {
      let count = 0;
      for (let index = 0; index < HONEST_REQUESTS; index += 1) {
        const message = { type: "msg", id: `honest-${index}`, seq: index + 1, topic: "chat", payload: {} };
        const { text } = await carol.write([`${JSON.stringify(message)}\n`]);
        if (text.includes(message.id)) count += 1;
      }
      return (100 * count) / HONEST_REQUESTS;
    });
  } finally {
    await carol.stop();
  }
}

async function countRings(alice: PluginProcess, bob: PluginProcess): Promise<number> {
  let rings = 0;
  for (let ring = 0; ring < RINGS; ring += 1) {
    const { callId } = await bob.host.request("call.start", { peerId: alice.peerId, media: "audio" });
    const rang = alice.next("call.incoming", (call) => call.callId === callId).then(() => true);
    const ended = bob.next("call.ended", (end) => end.callId === callId).then(() => false);
    if (await Promise.race([rang, ended])) rings += 1;
    await bob.host.request("call.hangup", { callId }).catch(() => undefined); // it has ended then
    await ended;
    rang.catch(() => undefined);
    await delay(SIGNALS_MS / RINGS);
  }
  return rings;
}
