// Runs one chart and its child charts with stubbed effects. The exploration decides which events the effects send and when time
// passes.

import {
  type AnyActorRef,
  type AnyEventObject,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  createActor,
  setup,
} from "xstate";
import { pathOf } from "../../../statecharts/record/plain.ts";
import { stubEffects } from "../../../statecharts/record/stub-effects.ts";
import { EventClock } from "../../support/charts/event-clock.ts";

/** A possible next event of a chart. */
export interface Move {
  /** The same in every run with the same moves. */
  readonly label: string;
  do(): void;
}

/** The environment of a chart. */
export interface ChartEnvironment {
  readonly machine: AnyStateMachine;
  readonly input: object;
  /** Events of the users, the other side and the host. `times` distinguishes duplicates from new events. */
  events(times: number): readonly AnyEventObject[];
  /** Events of each activity, by the last part of its path. Every other effect is a task with one outcome. */
  readonly activities: Readonly<Record<string, (times: number) => readonly AnyEventObject[]>>;
  /** Child charts whose effects send no events here. */
  readonly silent?: RegExp;
}

/** Each outcome of a task differs from the previous one. */
const outputOf = (times: number) => `made ${times}`;

export class ChartStage {
  readonly clock = new EventClock();
  readonly #environment: ChartEnvironment;
  readonly #effects;
  readonly #holder;
  /** The error of a failed chart. */
  failure: unknown = null;
  #moves = 0;

  constructor(environment: ChartEnvironment) {
    this.#environment = environment;
    this.#effects = stubEffects(environment.machine);
    // A chart sends events to its parent, so it needs one, which ignores them.
    const holder = setup({ actors: { chart: this.#effects.machine } }).createMachine({
      id: "holder",
      invoke: { src: "chart", id: "chart", input: environment.input },
    });
    this.#holder = createActor(holder, { clock: this.clock });
    this.#holder.subscribe({ error: (error) => (this.failure = error) });
    this.#holder.start();
  }

  get chart(): AnyMachineSnapshot {
    const { chart } = this.#holder.getSnapshot().children;
    if (chart) this.#last = chart.getSnapshot();
    if (!this.#last) throw new Error("the chart never started");
    return this.#last;
  }
  #last: AnyMachineSnapshot | null = null;

  get isOver(): boolean {
    return this.chart.status === "done";
  }

  /** Paths of the running effects. */
  get held(): string[] {
    return this.#effects.living();
  }

  /** The states of all charts, which identify a visited position. */
  position(): string {
    return JSON.stringify([this.chart.status, ...this.#charts().map(({ path, value }) => [path, value])]);
  }

  /** Ids of the active states of all charts. */
  activeStates(): string[] {
    return this.#charts().flatMap(({ nodes }) => nodes);
  }

  /** Ids of the active atomic states. */
  restingStates(): string[] {
    return this.#charts().flatMap(({ leaves }) => leaves);
  }

  moves(): Move[] {
    if (this.isOver) return [];
    const { events, silent } = this.#environment;
    const external = events(this.#moves).map((event) =>
      this.#move(event.type, event, () => this.#send(event)),
    );
    const fromEffects = this.held
      .filter((path) => silent?.test(path) !== true)
      .flatMap((path) => this.#eventsOf(path));
    const { nextMs } = this.clock;
    const timers =
      nextMs === null
        ? []
        : [{ label: "time passes", do: () => this.#after(() => this.clock.increment(nextMs)) }];
    return distinct([...external, ...fromEffects, ...timers]);
  }

  /** @returns whether the move was possible */
  make(label: string): boolean {
    const move = this.moves().find((one) => one.label === label);
    move?.do();
    return move !== undefined;
  }

  /** Lets time pass without events. */
  waitSilently(timeMs: number): void {
    this.clock.increment(timeMs);
    void this.chart;
  }

  stop(): void {
    this.#holder.stop();
  }

  #send(event: AnyEventObject): void {
    this.#holder.getSnapshot().children.chart?.send(event);
  }

  #eventsOf(path: string): Move[] {
    const id = path.slice(path.lastIndexOf("/") + 1);
    const activity = this.#environment.activities[id];
    const outcome = { type: `xstate.done.actor.${id}`, output: outputOf(this.#moves), actorId: id };
    const error = { type: `xstate.error.actor.${id}`, error: new Error("it failed"), actorId: id };
    const events = activity ? [...activity(this.#moves), error] : [outcome, error];
    return events.map((event) =>
      this.#move(`${id}: ${event.type}`, event, () => this.#effects.find(path)?.send(event)),
    );
  }

  /** The label contains the payload, without the fields that only distinguish duplicates. */
  #move(label: string, { type: _, ...payload }: AnyEventObject, how: () => void): Move {
    const text = JSON.stringify(payload, (key, value: unknown) =>
      key === "output" || key === "sdp" || key === "error" ? undefined : value,
    );
    return { label: `${label} ${text}`, do: () => this.#after(how) };
  }

  #after(how: () => void): void {
    this.#moves += 1;
    how();
    void this.chart;
  }

  #charts(): ChartNow[] {
    const seen: ChartNow[] = [];
    const look = (ref: AnyActorRef | undefined) => {
      const snapshot: AnyMachineSnapshot | undefined = ref?.getSnapshot();
      if (!ref || !snapshot || !("_nodes" in snapshot)) return;
      const { value, _nodes: nodes } = snapshot;
      const leaves = nodes.filter(({ type }) => type === "atomic");
      seen.push({ path: pathOf(ref), value, nodes: nodes.map(idOf), leaves: leaves.map(idOf) });
      const children: Record<string, AnyActorRef | undefined> = snapshot.children;
      for (const child of Object.values(children)) look(child);
    };
    look(this.#holder.getSnapshot().children.chart);
    return seen;
  }
}

interface ChartNow {
  readonly path: string;
  readonly value: unknown;
  readonly nodes: string[];
  readonly leaves: string[];
}

const idOf = ({ id }: { id: string }) => id;

function distinct(moves: readonly Move[]): Move[] {
  return [...new Map(moves.map((move) => [move.label, move])).values()];
}
