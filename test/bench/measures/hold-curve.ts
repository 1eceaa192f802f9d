// By how much the plugin held remote pictures back for their sound, over time: statistics tell it once a second, and it
// moves evenly between two of them.

import type { HostLink } from "../../../plugin/rpc/host-link.ts";

interface Point {
  /** Unix milliseconds. */
  readonly at: number;
  readonly holdMs: number;
}

export class HoldCurve {
  readonly #points: Point[] = [];
  readonly #stop: () => void;

  constructor(plugin: HostLink) {
    this.#stop = plugin.onNotification("call.statistics", ({ at, pictureHoldMs }) => {
      this.add({ at, holdMs: pictureHoldMs });
    });
  }

  add(point: Point): void {
    this.#points.push(point);
  }

  /** @param at Unix milliseconds; before the first and after the last point theirs count */
  holdMs(at: number): number {
    const next = this.#points.findIndex((point) => point.at >= at);
    const after = next < 0 ? this.#points.at(-1) : this.#points[next];
    const before = next > 0 ? this.#points[next - 1] : after;
    if (!before || !after) return 0;
    const share = after.at === before.at ? 1 : Math.min(1, (at - before.at) / (after.at - before.at));
    return before.holdMs + share * (after.holdMs - before.holdMs);
  }

  end(): void {
    this.#stop();
  }
}
