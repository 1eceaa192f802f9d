// Runs a log through the charts of today: what came from outside is given to them again in the log's order, and what
// they do with it is compared with what the log says they did, text by text.

import {
  type AnyActorRef,
  type AnyEventObject,
  type AnyStateMachine,
  createActor,
  type StateValue,
} from "xstate";
import type { ChartEvent, ChartLogEntry } from "../../rpc-schema/index.ts";
import { fromPlain, isObject, pathOf } from "./plain.ts";
import { recordCharts } from "./recorder.ts";
import { ReplayClock } from "./replay-clock.ts";
import { stubEffects } from "./stub-effects.ts";

/** A busy machine's timers come late by this at most; a delay that was changed in a chart differs by more. */
const LATE_MS = 2_000;
/** Timers of the system may end this much before their time by another clock. */
const EARLY_MS = 5;
/** Whoever has read so many differences reads no more. */
const MAX_DIFFERENCES = 100;

export interface Difference {
  /** Line of the log, counted from 1; 0 for what the log has no line for. */
  readonly line: number;
  readonly t: number;
  readonly logged: string;
  readonly replayed: string;
}

export interface ReplayResult {
  /** Steps of charts that were compared. */
  readonly steps: number;
  readonly differences: readonly Difference[];
}

/**
 * @param machine the root's chart, such as the desk's; its effects are not run
 * @param log the entries of one root, in order, from its beginning
 */
export function replayLog(machine: AnyStateMachine, log: readonly ChartLogEntry[]): ReplayResult {
  return new Replay(machine, log).run();
}

class Replay {
  readonly #log: readonly ChartLogEntry[];
  readonly #clock = new ReplayClock();
  readonly #root: AnyActorRef;
  readonly #effects;
  readonly #leaves: ReadonlySet<string>;
  readonly #produced: ChartLogEntry[] = [];
  readonly #differences: Difference[] = [];
  readonly #stop: () => void;
  #steps = 0;
  #at = 0;

  constructor(machine: AnyStateMachine, log: readonly ChartLogEntry[]) {
    this.#log = log;
    this.#leaves = new Set(
      log.flatMap((entry) => (entry.kind === "actor" && entry.chart === null ? entry.id : [])),
    );
    this.#effects = stubEffects(machine, () => this.#interject());
    this.#root = createActor(this.#effects.machine, { ...beginning(machine, log), clock: this.#clock });
    this.#clock.attach(this.#root.system);
    const write = (entry: ChartLogEntry) => this.#produced.push(entry);
    this.#stop = recordCharts(this.#root, { write, now: () => this.#clock.nowMs });
  }

  run(): ReplayResult {
    this.#root.start();
    this.#compare();
    while (this.#at < this.#log.length && this.#differences.length < MAX_DIFFERENCES) {
      const entry = this.#log[this.#at];
      if (!entry) break;
      this.#tick(entry);
      if (entry.kind === "event") this.#deliver(entry);
      else this.#skip(entry);
      this.#compare();
    }
    this.#stop();
    this.#root.stop();
    return { steps: this.#steps, differences: this.#differences };
  }

  #tick(entry: ChartLogEntry): void {
    if (entry.kind === "log") return;
    this.#clock.nowMs = entry.t;
    for (const { to, type, dueMs } of this.#clock.overdue(LATE_MS)) {
      const logged = "nothing, although later entries follow";
      this.#differ(0, dueMs, logged, `${type} of ${to} was due at ${dueMs} ms`);
    }
  }

  /** What came from outside while a chart was in the midst of a step stands in the log before that step's end. */
  #interject(): void {
    for (;;) {
      const next = this.#log[this.#at + this.#produced.length];
      if (next?.kind !== "event" || !this.#isFromOutside(next)) return;
      const before = this.#produced.length;
      this.#give(next);
      if (this.#produced.length === before) return;
    }
  }

  #isFromOutside({ from }: ChartEvent): boolean {
    return from === null || this.#leaves.has(from);
  }

  /** An event that stands next in the log came from outside, since everything else was produced by then. */
  #deliver(entry: ChartEvent): void {
    if (entry.origin === "clock") this.#endWait(entry);
    else if (this.#isFromOutside(entry) && !this.#give(entry) && this.#isHeeded(entry)) this.#missing(entry);
    if (this.#produced.length === 0) this.#at += 1;
  }

  #give({ to, from, event }: ChartEvent): boolean {
    const given = fromPlain(event) as AnyEventObject;
    const effect = from === null ? undefined : this.#effects.find(from);
    const target = effect ? undefined : this.#find(to);
    effect?.say(given);
    target?.send(given);
    return effect !== undefined || target !== undefined;
  }

  /** An event for a chart that has ended is heard by nobody, in the log as here. */
  #isHeeded({ to }: ChartEvent): boolean {
    const next = this.#log[this.#at + 1];
    return next?.kind === "step" && next.id === to;
  }

  #endWait({ t, to, event }: ChartEvent): void {
    const [line, what] = [this.#at + 1, `${event.type} of ${to}`];
    const dueMs = this.#clock.end(to, event.type);
    if (dueMs === null) this.#differ(line, t, `${what} ended a wait`, "no such wait");
    else if (t < dueMs - EARLY_MS) this.#differ(line, t, what, `due at ${dueMs} ms only`);
  }

  #missing(entry: ChartLogEntry): void {
    if (entry.kind !== "log") this.#differ(this.#at + 1, entry.t, textOf(entry), "nothing");
  }

  #skip(entry: ChartLogEntry): void {
    this.#missing(entry);
    this.#at += 1;
  }

  /** What the charts did since the last time, against as many lines of the log. */
  #compare(): void {
    for (const produced of this.#produced.splice(0)) {
      while (this.#log[this.#at]?.kind === "log") this.#at += 1;
      const logged = this.#log[this.#at];
      const [was, is] = [logged ? textOf(logged) : "nothing", textOf(produced)];
      if (produced.kind === "step") this.#steps += 1;
      if (logged === undefined) return;
      if (was !== is) this.#differ(this.#at + 1, logged.kind === "log" ? 0 : logged.t, was, is);
      this.#at += 1;
    }
  }

  #differ(line: number, t: number, logged: string, replayed: string): void {
    this.#differences.push({ line, t, logged, replayed });
  }

  #find(path: string): AnyActorRef | undefined {
    const seek = (ref: AnyActorRef): AnyActorRef | undefined => {
      if (pathOf(ref) === path) return ref;
      const snapshot: unknown = ref.getSnapshot();
      if (!isObject(snapshot) || !("children" in snapshot) || !isObject(snapshot.children)) return undefined;
      for (const child of Object.values(snapshot.children)) {
        const found = child ? seek(child as AnyActorRef) : undefined;
        if (found) return found;
      }
      return undefined;
    };
    return seek(this.#root);
  }
}

/** A log may begin long after its root did, with a root that has no charts within at that moment. */
function beginning(machine: AnyStateMachine, log: readonly ChartLogEntry[]) {
  const born = log.find((entry) => entry.kind === "actor");
  const first = log.find((entry) => entry.kind === "step");
  const input = fromPlain(born?.input);
  if (first?.kind !== "step" || first.event !== "xstate.init") return { input };
  const context = fromPlain(first.changed);
  return { input, snapshot: machine.resolveState({ value: first.value as StateValue, context }) };
}

/** Everything but the time, which is the log's in both. */
function textOf(entry: ChartLogEntry): string {
  return JSON.stringify(entry, (key, value: unknown) => (key === "t" ? undefined : value));
}
