// Combines the chart viewer: one source, one session, and the panes. It draws at most once per animation frame, and not at all
// while the page is hidden.

import type { ChartDescription, ChartLogEntry } from "../../rpc-schema/index.ts";
import { button, h, setAttribute, setText } from "./dom.ts";
import type { Layouter } from "./layouter.ts";
import { Session } from "./model/session.ts";
import { svgText } from "./model/svg-file.ts";
import { ActorList } from "./panes/actor-list.ts";
import { ChartsPane } from "./panes/charts-pane.ts";
import { EventDetail } from "./panes/event-detail.ts";
import { EventList } from "./panes/event-list.ts";
import { listenToKeys } from "./panes/keyboard.ts";
import { MessageList } from "./panes/message-list.ts";
import { TimeAxis } from "./panes/time-axis.ts";
import { fileSource, liveSource, type Sink, type Source, type SourceState } from "./sources.ts";
import { timeText } from "./texts.ts";

const TICK_MS = 250;

export interface ViewerOptions {
  readonly root: HTMLElement;
  readonly layouter: Layouter;
  /** Today's charts, for recordings, which contain no charts. */
  readonly charts: readonly ChartDescription[];
  readonly address: { url: string; protocols: string[] };
  /** The CSS rules for an exported chart. */
  readonly chartStyle: string;
}

/** Starts with the running plugin as its source. */
export function createViewer(options: ViewerOptions): void {
  new Viewer(options);
}

class Viewer {
  readonly #options: ViewerOptions;
  #session: Session;
  /** The start of the session's time line on the page's monotonic clock. */
  #startedMs = 0;
  #source: Source | undefined;
  #state: SourceState = "connecting";
  #detail = "";
  #isDrawing = false;
  readonly #charts: ChartsPane;
  readonly #actors = new ActorList((path, beside) => this.#charts.pick(path, beside));
  readonly #events = new EventList((row) => this.#change(() => this.#session.showRow(row)));
  readonly #messages = new MessageList(({ index }) => this.#change(() => this.#session.showPlace(index + 1)));
  readonly #axis = new TimeAxis((tMs) => this.#change(() => this.#session.showTime(tMs)));
  readonly #eventDetail = new EventDetail();
  readonly #head: ReturnType<typeof makeHead>;
  readonly #notice = h("p", { class: "notice", "data-testid": "notice", role: "status" });
  readonly #side: HTMLElement;

  constructor(options: ViewerOptions) {
    this.#options = options;
    this.#session = new Session(options.charts, undefined);
    const { layouter, root } = options;
    this.#charts = new ChartsPane({
      layouter,
      onExport: (chart) => void this.#export(chart),
      onError: (error) => this.#notify(textOf(error)),
      onPicked: () => this.#draw(),
    });
    const keys = listenToKeys(this.#keyActions());
    this.#head = makeHead({
      onLive: () => this.#toggleLive(),
      onRunningPlugin: () => this.#openPlugin(),
      onFile: (file) => void this.#open(file),
      onStep: (offset) => this.#step(offset),
      onMessages: () => this.#toggleMessages(),
      onHelp: keys.open,
    });
    this.#side = h("aside", {}, this.#events.element, this.#messages.element, this.#eventDetail.element);
    const middle = h("main", {}, this.#notice, this.#charts.element, this.#axis.element);
    root.replaceChildren(this.#head.element, this.#actors.element, middle, this.#side, keys.help);
    acceptDrops(root, (file) => void this.#open(file));
    setInterval(() => this.#tick(), TICK_MS);
    this.#toggleMessages(false);
    this.#openPlugin();
  }

  #openPlugin(): void {
    this.#source?.end();
    this.#source = liveSource(this.#options.address, this.#sink());
  }

  async #open(file: File): Promise<void> {
    const previous = this.#source;
    try {
      await fileSource(file, this.#sink());
      previous?.end();
      this.#source = undefined;
      this.#session.follow(false);
      this.#drawNow();
      this.#axis.showAll();
    } catch (error) {
      this.#notify(textOf(error));
    }
  }

  #sink(): Sink {
    return {
      begin: (charts, startedAt) => {
        this.#session = new Session(charts ?? this.#options.charts, startedAt);
        this.#startedMs = performance.now() - (Date.now() - (startedAt ?? 0));
        this.#charts.begin(this.#session);
        this.#axis.begin();
      },
      entries: (entries: readonly ChartLogEntry[]) => {
        this.#session.add(entries);
        this.#draw();
      },
      state: (state, detail) => {
        this.#state = state;
        this.#detail = detail;
        this.#notify(noticeOf(state));
      },
    };
  }

  #notify(text: string): void {
    setText(this.#notice, text);
    this.#notice.hidden = text === "";
    this.#draw();
  }

  #change(work: () => void): void {
    work();
    this.#draw();
  }

  #step(offset: 1 | -1): void {
    this.#change(() => this.#session.stepBy(offset, this.#events.shown));
  }

  #toggleLive(): void {
    this.#change(() => this.#session.follow(!this.#session.isFollowing));
  }

  #toggleMessages(isShown = this.#messages.element.hidden): void {
    this.#messages.element.hidden = !isShown;
    this.#events.element.hidden = isShown;
    setText(this.#head.messages, isShown ? "Events" : "Messages");
    this.#draw();
  }

  #keyActions() {
    return {
      stepBy: (offset: 1 | -1) => this.#step(offset),
      toEdge: (edge: "first" | "last") => {
        const row = edge === "first" ? this.#events.shown[0] : this.#events.shown.at(-1);
        if (row) this.#change(() => this.#session.showRow(row));
      },
      toggleLive: () => this.#toggleLive(),
      pickActor: (place: number, beside: boolean) => {
        const path = this.#actors.at(place);
        if (path !== undefined) this.#charts.pick(path, beside);
      },
      fit: () => this.#charts.fit(),
      zoom: (factor: number) => this.#charts.zoom(factor),
      focusFilter: () => this.#events.focusFilter(),
      toggleOwnEvents: () => this.#events.toggleActor(this.#charts.shown[0] ?? ""),
      openFile: () => this.#head.pickFile(),
      toggleMessages: () => this.#toggleMessages(),
      showAll: () => this.#axis.showAll(),
    };
  }

  /** Draws in the next animation frame. A hidden page gets no frames. */
  #draw(): void {
    if (this.#isDrawing) return;
    this.#isDrawing = true;
    requestAnimationFrame(() => {
      this.#isDrawing = false;
      this.#drawNow();
    });
  }

  #drawNow(): void {
    const { history, rows, messages, lanes, startedAt, isFollowing, place, selected } = this.#session;
    const { moment } = this.#session;
    this.#charts.update(moment, this.#nowMs(), isFollowing);
    this.#actors.update(moment, this.#charts.shown);
    this.#events.update(rows.all, selected, startedAt, isFollowing);
    this.#messages.update(messages.all, place, startedAt, isFollowing);
    this.#eventDetail.update(this.#session, selected);
    const { firstMs } = history;
    this.#axis.update({
      lanes: lanes.all,
      firstMs,
      endMs: history.endMs,
      cursorMs: this.#session.tMs,
      follow: isFollowing,
    });
    const head = this.#head;
    const isLive = isFollowing && this.#state === "live";
    setAttribute(head.element, "data-state", this.#state);
    setText(head.source, sourceText(this.#state, this.#detail));
    setText(head.live, isFollowing ? "Pause" : "Follow");
    setText(
      head.time,
      history.isEmpty ? "" : `${isLive ? "now " : ""}${timeText(this.#session.tMs, startedAt)}`,
    );
    setAttribute(head.time, "data-place", String(place));
  }

  #nowMs(): number {
    const { isFollowing, startedAt, tMs } = this.#session;
    const isRunning = isFollowing && this.#state === "live" && startedAt !== undefined;
    return isRunning ? Math.max(tMs, performance.now() - this.#startedMs) : tMs;
  }

  #tick(): void {
    if (document.hidden || !this.#session.isFollowing || this.#state !== "live") return;
    this.#charts.tick(this.#session.moment, this.#nowMs());
  }

  async #export(chart: ChartDescription): Promise<void> {
    const drawing = await this.#options.layouter.draw(chart);
    const text = svgText(drawing, this.#options.chartStyle, chart.description);
    const url = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
    h("a", { href: url, download: `${chart.id}.svg` }).click();
    URL.revokeObjectURL(url);
  }
}

interface HeadActions {
  onLive(): void;
  onRunningPlugin(): void;
  onFile(file: File): void;
  onStep(offset: 1 | -1): void;
  onMessages(): void;
  onHelp(): void;
}

function makeHead(actions: HeadActions) {
  const file = h("input", { type: "file", accept: ".jsonl,.json,.log", hidden: "", "data-testid": "file" });
  file.addEventListener("change", () => {
    const [chosen] = file.files ?? [];
    if (chosen) actions.onFile(chosen);
    file.value = "";
  });
  const live = button({ "data-testid": "live", title: "Space" }, "Pause", actions.onLive);
  const messages = button({ "data-testid": "show-messages", title: "m" }, "Messages", actions.onMessages);
  const source = h("span", { class: "source", "data-testid": "source" });
  const time = h("time", { "data-testid": "moment" });
  const element = h(
    "header",
    { class: "head" },
    h("h1", {}, "Charts"),
    source,
    time,
    button({ "data-testid": "back", title: "the previous event (←)" }, "◀", () => actions.onStep(-1)),
    live,
    button({ "data-testid": "forward", title: "the next event (→)" }, "▶", () => actions.onStep(1)),
    h("span", { class: "gap" }),
    messages,
    button({ "data-testid": "watch" }, "Running plugin", actions.onRunningPlugin),
    button({ "data-testid": "open", title: "o" }, "Open recording…", () => file.click()),
    button({ "data-testid": "help-open", title: "?" }, "Keys", actions.onHelp),
    file,
  );
  return { element, source, time, live, messages, pickFile: () => file.click() };
}

function acceptDrops(root: HTMLElement, onFile: (file: File) => void): void {
  root.addEventListener("dragover", (event) => event.preventDefault());
  root.addEventListener("drop", (event) => {
    event.preventDefault();
    const [file] = event.dataTransfer?.files ?? [];
    if (file) onFile(file);
  });
}

function noticeOf(state: SourceState): string {
  if (state === "off") {
    return "The charts are not available because the setting “debugging” is off. Switch it on in the settings of the call page, in goop.json, or by settings.update. This page then starts by itself. You can open a recording at any time.";
  }
  if (state === "lost")
    return "The host does not answer. This page retries by itself. You can open a recording meanwhile.";
  return "";
}

function sourceText(state: SourceState, detail: string): string {
  const texts: Readonly<Record<SourceState, string>> = {
    connecting: "connecting",
    live: "running plugin",
    off: "debugging is off",
    lost: "no connection",
    file: detail,
  };
  return texts[state];
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
