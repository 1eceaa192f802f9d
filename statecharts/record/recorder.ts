// Records what a system of charts does, for a log or the chart viewer. It subscribes to xstate's inspection, which costs nothing
// without a subscriber. The caller decides where entries go and whether they are masked.

import type {
  AnyActorRef,
  AnyMachineSnapshot,
  AnyTransitionDefinition,
  InspectedActionEvent,
  InspectedEventEvent,
  InspectedMicrostepEvent,
  InspectionEvent,
} from "xstate";
import type { ChartLogEntry, ChartStep, TakenTransition } from "../../rpc-schema/index.ts";
import { indexOf, targetsOf } from "../describe/transitions.ts";
import { originOf } from "./origin.ts";
import { chartOf, isObject, pathOf, plainObject, toPlain } from "./plain.ts";
import { refusalOf } from "./refusal.ts";

export interface RecorderOptions {
  /** Called during a chart's step. It must neither throw nor send an event to a chart. */
  write(entry: ChartLogEntry): void;
  /** Milliseconds since the start of the log. */
  now(): number;
}

/**
 * Begins with an entry for every existing actor and a step with the full state of every chart.
 * @returns a function that ends the recording
 */
export function recordCharts(root: AnyActorRef, options: RecorderOptions): () => void {
  const recorder = new Recorder(options);
  recorder.snapshot(root);
  const subscription = root.system.inspect((event) => recorder.take(event));
  return () => subscription.unsubscribe();
}

interface StepSoFar {
  readonly taken: TakenTransition[];
  readonly actions: string[];
  delays?: Record<string, number>;
}

class Recorder {
  readonly #write: RecorderOptions["write"];
  readonly #now: RecorderOptions["now"];
  /** The last written context of each actor, for comparison. */
  readonly #contexts = new WeakMap<object, object>();
  /** The current step of each actor so far. */
  readonly #steps = new WeakMap<object, StepSoFar>();

  constructor({ write, now }: RecorderOptions) {
    this.#write = write;
    this.#now = now;
  }

  snapshot(ref: AnyActorRef): void {
    this.#actor(ref);
    const snapshot: unknown = ref.getSnapshot();
    if (!isMachineSnapshot(snapshot)) return;
    // A chart that has not started yet reports its state when it starts.
    if (isStarted(ref)) this.#step(ref, snapshot, "xstate.init");
    const children: (AnyActorRef | undefined)[] = Object.values(snapshot.children);
    for (const child of children) if (child) this.snapshot(child);
  }

  take(event: InspectionEvent): void {
    const ref = event.actorRef as AnyActorRef;
    if (event.type === "@xstate.actor") this.#actor(ref);
    else if (event.type === "@xstate.event") this.#event(ref, event);
    else if (event.type === "@xstate.microstep") this.#microstep(ref, event);
    else if (event.type === "@xstate.action") this.#action(ref, event.action);
    else if (event.type === "@xstate.snapshot" && isMachineSnapshot(event.snapshot)) {
      this.#step(ref, event.snapshot, event.event.type);
    }
  }

  #actor(ref: AnyActorRef): void {
    const isRoot = ref._parent === undefined;
    const input = isRoot ? toPlain(inputOf(ref)) : undefined;
    const entry = { kind: "actor", t: this.#now(), id: pathOf(ref), chart: chartOf(ref) } as const;
    this.#write(input === undefined ? entry : { ...entry, input });
  }

  #event(ref: AnyActorRef, { event, sourceRef }: InspectedEventEvent): void {
    // Events of an effect to itself are internal to xstate.
    if (event.type === "xstate.init" || (sourceRef === ref && chartOf(ref) === null)) return;
    const source = sourceRef as AnyActorRef | undefined;
    const fromChart = source !== undefined && chartOf(source) !== null;
    this.#write({
      kind: "event",
      t: this.#now(),
      to: pathOf(ref),
      from: source ? pathOf(source) : null,
      origin: originOf(event.type, fromChart),
      event: { ...plainObject(event), type: event.type },
    });
  }

  #microstep(ref: AnyActorRef, { _transitions }: InspectedMicrostepEvent): void {
    this.#stepOf(ref).taken.push(..._transitions.map(takenOf));
  }

  #action(ref: AnyActorRef, { type, params }: InspectedActionEvent["action"]): void {
    const step = this.#stepOf(ref);
    step.actions.push(type);
    const began = type === "xstate.raise" ? delayOf(params) : null;
    if (began) step.delays = { ...step.delays, [began.on]: began.ms };
  }

  #step(ref: AnyActorRef, snapshot: AnyMachineSnapshot, event: string): void {
    const { taken, actions, delays } = this.#stepOf(ref);
    this.#steps.delete(ref);
    const entry: ChartStep = {
      kind: "step",
      t: this.#now(),
      id: pathOf(ref),
      event,
      status: snapshot.status,
      value: snapshot.value,
      changed: this.#changed(ref, snapshot.context),
      taken,
      actions,
      ...(delays ? { delays } : {}),
    };
    const isRefused = taken.length === 0 && event !== "xstate.init" && snapshot.status === "active";
    this.#write(isRefused ? { ...entry, refused: refusalOf(snapshot, event) } : entry);
  }

  #stepOf(ref: AnyActorRef): StepSoFar {
    const known = this.#steps.get(ref);
    if (known) return known;
    const made: StepSoFar = { taken: [], actions: [] };
    this.#steps.set(ref, made);
    return made;
  }

  #changed(ref: AnyActorRef, context: Record<string, unknown>): Record<string, unknown> {
    const before = (this.#contexts.get(ref) ?? {}) as Record<string, unknown>;
    this.#contexts.set(ref, context);
    const changed = Object.entries(context).filter(([key, value]) => before[key] !== value);
    return plainObject(Object.fromEntries(changed));
  }
}

/** @returns the transition with ids instead of states */
export function takenOf(transition: AnyTransitionDefinition): TakenTransition {
  const { source, eventType } = transition;
  return { from: source.id, on: eventType, index: indexOf(transition), to: targetsOf(transition) };
}

/** xstate raises the end of a delay as a delayed event. */
function delayOf(params: unknown): { on: string; ms: number } | null {
  if (!isObject(params) || !("delay" in params) || typeof params.delay !== "number") return null;
  const event =
    "event" in params && isObject(params.event) && "type" in params.event ? params.event.type : null;
  return typeof event === "string" ? { on: event, ms: params.delay } : null;
}

function isMachineSnapshot(snapshot: unknown): snapshot is AnyMachineSnapshot {
  return isObject(snapshot) && "machine" in snapshot && "value" in snapshot;
}

/** xstate does not expose the status and the input of an actor. */
function isStarted(ref: AnyActorRef): boolean {
  return "_processingStatus" in ref && ref._processingStatus !== 0;
}

function inputOf(ref: AnyActorRef): unknown {
  return "options" in ref && isObject(ref.options) && "input" in ref.options ? ref.options.input : undefined;
}
