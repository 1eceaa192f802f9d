// Replays a log through today's charts. It sends the external events again in the log's order, and compares each resulting entry
// with the log as text.

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

/** Timers on a busy machine are late by this at most. A changed delay of a chart differs by more. */
const LATE_MS = 2_000;
/** System timers may end this much early by another clock. */
const EARLY_MS = 5;
/** More differences than this are of no use to a reader. */
const MAX_DIFFERENCES = 100;

export interface Difference {
  /** Line of the log, counted from 1; 0 if the log has no such line. */
  readonly line: number;
  readonly t: number;
  readonly logged: string;
  readonly replayed: string;
}

export interface ReplayResult {
  /** Number of compared steps. */
  readonly steps: number;
  readonly differences: readonly Difference[];
}

/**
 * @param machine the chart of the root, such as the call manager. Its effects do not run
 * @param log the entries of one root, in order, from its beginning, in today's names (see upgradeChartLog)
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
    this.#root = createActor(this.#effects.machine, { ...startOptions(machine, log), clock: this.#clock });
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

  /** An external event that arrives during a step is in the log before the end of that step. */
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

  /** The next event of the log is external, because all others are produced by now. */
  #deliver(entry: ChartEvent): void {
    if (entry.origin === "clock") this.#endWait(entry);
    else if (this.#isFromOutside(entry) && !this.#give(entry) && this.#isHandled(entry)) this.#missing(entry);
    if (this.#produced.length === 0) this.#at += 1;
  }

  #give({ to, from, event }: ChartEvent): boolean {
    const given = fromPlain(event) as AnyEventObject;
    const effect = from === null ? undefined : this.#effects.find(from);
    const target = effect ? undefined : this.#find(to);
    effect?.send(given);
    target?.send(given);
    return effect !== undefined || target !== undefined;
  }

  /** An event for an ended chart has no effect, in the log and in the replay. */
  #isHandled({ to }: ChartEvent): boolean {
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

  /** Compares the entries since the last call with the same number of lines of the log. */
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

/** A log may begin after its root started, with a root that has no children at that moment. */
function startOptions(machine: AnyStateMachine, log: readonly ChartLogEntry[]) {
  const rootEntry = log.find((entry) => entry.kind === "actor");
  const first = log.find((entry) => entry.kind === "step");
  const input = fromPlain(rootEntry?.input);
  if (first?.kind !== "step" || first.event !== "xstate.init") return { input };
  const context = fromPlain(first.changed);
  return { input, snapshot: machine.resolveState({ value: first.value as StateValue, context }) };
}

/** The text of an entry without its time, which comes from the log on both sides. */
function textOf(entry: ChartLogEntry): string {
  return JSON.stringify(entry, (key, value: unknown) => (key === "t" ? undefined : value));
}
