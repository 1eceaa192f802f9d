// Generates paths through a chart: the shortest path to every position followed by every move, and random simple paths, which visit
// no position twice. At the end of each path time passes without events, and a check inspects the result.

import type { Random } from "../../support/process/seeded-random.ts";
import { type ChartEnvironment, ChartStage } from "./chart-stage.ts";

export interface Exploration {
  readonly positions: number;
  /** Number of completed paths. */
  readonly paths: number;
  /** Ids of all visited states, including those of child charts. */
  readonly states: ReadonlySet<string>;
}

export interface Bounds {
  /** Maximum number of positions to continue from. */
  readonly positions: number;
  readonly simplePaths: number;
  /** Maximum number of moves in a path. */
  readonly moves: number;
  readonly random: Random;
}

/** Throws if the chart is faulty at the end of a path. */
export type Check = (stage: ChartStage, path: readonly string[]) => void;

/** Longer than all delays of any chart in sequence. */
const SILENCE_MS = 600_000;

export function explore(environment: ChartEnvironment, bounds: Bounds, check: Check): Exploration {
  return new Explorer(environment, bounds, check).run();
}

class Explorer {
  readonly #environment: ChartEnvironment;
  readonly #bounds: Bounds;
  readonly #check: Check;
  readonly #states = new Set<string>();
  #paths = 0;

  constructor(environment: ChartEnvironment, bounds: Bounds, check: Check) {
    this.#environment = environment;
    this.#bounds = bounds;
    this.#check = check;
  }

  run(): Exploration {
    const positions = this.#shortestPaths();
    for (let count = 0; count < this.#bounds.simplePaths; count += 1) this.#simplePath();
    return { positions, paths: this.#paths, states: this.#states };
  }

  /** Searches breadth first, so the first path to a position is a shortest one. */
  #shortestPaths(): number {
    const start = new ChartStage(this.#environment);
    const seen = new Set([start.position()]);
    const open: string[][] = [[]];
    this.#end(start, []);
    for (let path = open.shift(); path !== undefined; path = open.shift()) {
      if (path.length >= this.#bounds.moves) continue;
      for (const label of this.#movesAfter(path)) {
        const longer = [...path, label];
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

  #simplePath(): void {
    const stage = new ChartStage(this.#environment);
    const seen = new Set([stage.position()]);
    const path: string[] = [];
    while (path.length < this.#bounds.moves) {
      const moves = stage.moves();
      if (moves.length === 0) break;
      const { label, do: make } = this.#bounds.random.pick(moves);
      make();
      path.push(label);
      if (seen.has(stage.position())) break;
      seen.add(stage.position());
    }
    this.#end(stage, path);
  }

  #movesAfter(path: readonly string[]): string[] {
    const stage = this.#go(path);
    const labels = stage.moves().map(({ label }) => label);
    stage.stop();
    return labels;
  }

  #go(path: readonly string[]): ChartStage {
    const stage = new ChartStage(this.#environment);
    for (const label of path) {
      if (!stage.make(label)) throw new Error(`${path.join(", ")}: "${label}" is not possible`);
      for (const state of stage.activeStates()) this.#states.add(state);
    }
    return stage;
  }

  #end(stage: ChartStage, path: readonly string[]): void {
    for (const state of stage.activeStates()) this.#states.add(state);
    stage.waitSilently(SILENCE_MS);
    for (const state of stage.activeStates()) this.#states.add(state);
    this.#check(stage, path);
    stage.stop();
    this.#paths += 1;
  }
}
