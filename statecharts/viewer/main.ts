// Starts the page: it loads the charts for recordings, and connects to the running plugin. A host only has to serve these files
// and a WebSocket with the methods `charts.*`.

import type { ChartDescription } from "../../rpc-schema/index.ts";
import { Layouter } from "./layouter.ts";
import { addressOf } from "./sources.ts";
import { createViewer } from "./viewer.ts";

const here = (name: string) => new URL(name, import.meta.url);

async function start(): Promise<void> {
  const [charts, style] = await Promise.all([fetch(here("charts.json")), fetch(here("chart.css"))]);
  createViewer({
    root: document.body,
    layouter: new Layouter(here("elk-worker.js")),
    charts: (await charts.json()) as ChartDescription[],
    address: addressOf(location),
    chartStyle: await style.text(),
  });
}

start().catch((error: unknown) => {
  document.body.textContent = `The chart viewer could not start: ${String(error)}`;
});
