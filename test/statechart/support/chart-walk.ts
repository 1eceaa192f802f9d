// Ways through a chart, generated: the shortest to every position, then every move from there; and simple ones, which visit no
// position twice. After each, nobody says anything any more, and the judge looks at what is left.

import type { Random } from "../../support/process/seeded-random.ts";
import { ChartStage, type Surroundings } from "./chart-stage.ts";

export interface Walk {
  readonly positions: number;
  /** Ways that were gone to their end. */
  readonly ways: number;
  /** Ids of all states in which the chart, or one within it, was. */
  readonly states: ReadonlySet<string>;
}

export interface Bounds {
  /** No position beyond this many is left for another. */
  readonly positions: number;
  readonly simpleWays: number;
  /** Moves of one way at most. */
  readonly moves: number;
  readonly random: Random;
}

/** Throws when something is wrong at the end of a way. `way`: the moves; the last one is the fault, or whatever came. */
export type Judge = (stage: ChartStage, way: readonly string[]) => void;

/** Longer than all waits of any chart, one after the other. */
const SILENCE_MS = 600_000;

export function walk(surroundings: Surroundings, bounds: Bounds, judge: Judge): Walk {
  return new Walker(surroundings, bounds, judge).run();
}

class Walker {
  readonly #surroundings: Surroundings;
  readonly #bounds: Bounds;
  readonly #judge: Judge;
  readonly #states = new Set<string>();
  #ways = 0;

  constructor(surroundings: Surroundings, bounds: Bounds, judge: Judge) {
    this.#surroundings = surroundings;
    this.#bounds = bounds;
    this.#judge = judge;
  }

  run(): Walk {
    const positions = this.#shortestWays();
    for (let count = 0; count < this.#bounds.simpleWays; count += 1) this.#simpleWay();
    return { positions, ways: this.#ways, states: this.#states };
  }

  /** Breadth first, so the first way to a position is a shortest one. */
  #shortestWays(): number {
    const start = new ChartStage(this.#surroundings);
    const seen = new Set([start.position()]);
    const open: string[][] = [[]];
    this.#end(start, []);
    for (let way = open.shift(); way !== undefined; way = open.shift()) {
      if (way.length >= this.#bounds.moves) continue;
      for (const label of this.#movesAfter(way)) {
        const longer = [...way, label];
        const stage = this.#go(longer);
        const position = stage.position();
        if (!seen.has(position) && seen.size < this.#bounds.positions) {
          seen.add(position);
          open.push(longer);
        }
        this.#end(stage, longer);
      }
    }
    return seen.size;
  }

  #simpleWay(): void {
    const stage = new ChartStage(this.#surroundings);
    const seen = new Set([stage.position()]);
    const way: string[] = [];
    while (way.length < this.#bounds.moves) {
      const moves = stage.moves();
      if (moves.length === 0) break;
      const { label, do: make } = this.#bounds.random.pick(moves);
      make();
      way.push(label);
      if (seen.has(stage.position())) break;
      seen.add(stage.position());
    }
    this.#end(stage, way);
  }

  #movesAfter(way: readonly string[]): string[] {
    const stage = this.#go(way);
    const labels = stage.moves().map(({ label }) => label);
    stage.stop();
    return labels;
  }

  #go(way: readonly string[]): ChartStage {
    const stage = new ChartStage(this.#surroundings);
    for (const label of way) {
      if (!stage.make(label)) throw new Error(`${way.join(", ")}: there is no "${label}" any more`);
      for (const state of stage.activeStates()) this.#states.add(state);
    }
    return stage;
  }

  #end(stage: ChartStage, way: readonly string[]): void {
    for (const state of stage.activeStates()) this.#states.add(state);
    stage.waits(SILENCE_MS);
    for (const state of stage.activeStates()) this.#states.add(state);
    this.#judge(stage, way);
    stage.stop();
    this.#ways += 1;
  }
}
