// One chart, with the charts within it, on a stage without a world: its effects say what the walk lets them say, and time
// passes when the walk lets it. Knows no chart by name.

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

/** Something that may happen to a chart now. */
export interface Move {
  /** The same in every run of the same moves. */
  readonly label: string;
  do(): void;
}

/** What is known of a chart's surroundings. */
export interface Surroundings {
  readonly machine: AnyStateMachine;
  readonly input: object;
  /** What comes from outside: the users, the other side, the host. `times` tells copies from news. */
  events(times: number): readonly AnyEventObject[];
  /** What a lasting effect says, by the last part of its path; every other effect is a task, and ends. */
  readonly activities: Readonly<Record<string, (times: number) => readonly AnyEventObject[]>>;
  /** Charts within that only let time pass: their effects say nothing here. */
  readonly silent?: RegExp;
}

/** Whatever a task's outcome is used for, it is told from the one before. */
const outputOf = (times: number) => `made ${times}`;

export class ChartStage {
  readonly clock = new EventClock();
  readonly #surroundings: Surroundings;
  readonly #effects;
  readonly #holder;
  /** What the holder was told of the chart's failure. */
  failure: unknown = null;
  #moves = 0;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.#effects = stubEffects(surroundings.machine);
    // A chart speaks to its parent, so it has one, which hears everything and says nothing.
    const holder = setup({ actors: { chart: this.#effects.machine } }).createMachine({
      id: "holder",
      invoke: { src: "chart", id: "chart", input: surroundings.input },
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

  /** Effects that were not released. */
  get held(): string[] {
    return this.#effects.living();
  }

  /** The states of all charts at once: where a walk has been, it has been. */
  position(): string {
    return JSON.stringify([this.chart.status, ...this.#charts().map(({ path, value }) => [path, value])]);
  }

  /** Ids of the states that are active now, in all charts. */
  activeStates(): string[] {
    return this.#charts().flatMap(({ nodes }) => nodes);
  }

  /** Those of them that have no state within. */
  restingStates(): string[] {
    return this.#charts().flatMap(({ leaves }) => leaves);
  }

  moves(): Move[] {
    if (this.isOver) return [];
    const { events, silent } = this.#surroundings;
    const told = events(this.#moves).map((event) => this.#move(event.type, event, () => this.#tell(event)));
    const said = this.held
      .filter((path) => silent?.test(path) !== true)
      .flatMap((path) => this.#sayings(path));
    const { nextMs } = this.clock;
    const waited =
      nextMs === null
        ? []
        : [{ label: "time passes", do: () => this.#after(() => this.clock.increment(nextMs)) }];
    return distinct([...told, ...said, ...waited]);
  }

  /** @returns whether there was such a move */
  make(label: string): boolean {
    const move = this.moves().find((one) => one.label === label);
    move?.do();
    return move !== undefined;
  }

  /** Nobody says anything any more. */
  waits(timeMs: number): void {
    this.clock.increment(timeMs);
    void this.chart;
  }

  stop(): void {
    this.#holder.stop();
  }

  #tell(event: AnyEventObject): void {
    this.#holder.getSnapshot().children.chart?.send(event);
  }

  #sayings(path: string): Move[] {
    const id = path.slice(path.lastIndexOf("/") + 1);
    const activity = this.#surroundings.activities[id];
    const outcome = { type: `xstate.done.actor.${id}`, output: outputOf(this.#moves), actorId: id };
    const error = { type: `xstate.error.actor.${id}`, error: new Error("it failed"), actorId: id };
    const sayings = activity ? [...activity(this.#moves), error] : [outcome, error];
    return sayings.map((event) =>
      this.#move(`${id}: ${event.type}`, event, () => this.#effects.find(path)?.send(event)),
    );
  }

  /** Two events of one type are told apart by what they carry, but for what only tells copies apart. */
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
