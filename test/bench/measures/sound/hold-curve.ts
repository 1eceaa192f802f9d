// How long the plugin held remote frames for lip sync, over time. Statistics report it once a second; between two reports it is
// interpolated.

import type { HostLink } from "../../../../plugin/rpc/host-link.ts";

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

  /** @param at Unix milliseconds; outside the recorded range the nearest point counts */
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
