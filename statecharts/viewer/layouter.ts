// Lays out each chart once, in elkjs's own worker. A browser cannot load the package's client as a module, so this file implements
// the worker's protocol: {id, cmd, …} as request and {id, data | error} as response.

import type { ChartDescription } from "../../rpc-schema/index.ts";
import { type Drawing, drawChart, type LaidNode } from "./model/drawing.ts";
import { layoutInput } from "./model/layout-input.ts";

interface Answer {
  readonly id: number;
  readonly data?: unknown;
  readonly error?: { readonly message?: string };
}

export class Layouter {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #drawings = new Map<string, Promise<Drawing>>();
  #nextId = 0;

  constructor(workerUrl: URL) {
    this.#worker = new Worker(workerUrl);
    this.#worker.onmessage = ({ data }: MessageEvent<Answer>) => this.#settle(data);
    this.#worker.onerror = (event) => {
      for (const { reject } of this.#waiting.values())
        reject(new Error(`the layout failed: ${event.message}`));
      this.#waiting.clear();
    };
    this.#worker.postMessage({ id: this.#nextId++, cmd: "register", algorithms: ["layered"] });
  }

  /** Lays out a chart, or returns the earlier drawing of the same chart. */
  draw(chart: ChartDescription): Promise<Drawing> {
    const key = JSON.stringify(chart);
    const known = this.#drawings.get(key);
    if (known) return known;
    const input = layoutInput(chart);
    const drawing = this.#request(input.graph).then((laid) => drawChart(input, laid as LaidNode));
    this.#drawings.set(key, drawing);
    return drawing;
  }

  #request(graph: unknown): Promise<unknown> {
    const id = this.#nextId++;
    const waiting = Promise.withResolvers<unknown>();
    this.#waiting.set(id, waiting);
    this.#worker.postMessage({ id, cmd: "layout", graph, layoutOptions: {}, options: {} });
    return waiting.promise;
  }

  #settle({ id, data, error }: Answer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error) waiting?.reject(new Error(`the layout failed: ${error.message ?? "no reason given"}`));
    else waiting?.resolve(data);
  }
}
