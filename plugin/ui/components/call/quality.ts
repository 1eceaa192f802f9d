// The quality of the connection: a button with three bars in the call's header, and a panel with the measurements.

import type { CallInfo, CallStatistics } from "../../../../rpc-schema/index.ts";
import { button, h, setAttribute, setHidden, setText } from "../../dom.ts";
import { qualityText, refusalsText, stepText } from "../../messages.ts";
import { detailedReasons } from "../../notice-texts.ts";
import type { PageState } from "../../store.ts";

/** What the plugin measured and refused. */
export type Measured = Pick<PageState, "statistics" | "refusals">;

interface Quality {
  readonly sign: HTMLElement;
  readonly panel: HTMLElement;
  /** Statistics of another call are shown as dashes. */
  update(call: CallInfo, measured: Measured): void;
  /** Hides the panel. */
  close(): void;
}

type Row = readonly [name: string, testId: string, show: (statistics: CallStatistics) => string];

const rows: readonly Row[] = [
  ["Round-trip time", "round-trip", (s) => milliseconds(s.roundTripMs)],
  ["Packet loss", "loss", (s) => percent(s.fractionLost)],
  ["Concealed sound", "concealed", (s) => percent(s.concealedSound ?? null)],
  ["Jitter", "jitter", (s) => milliseconds(s.jitterMs)],
  ["Incoming bitrate", "receiving", (s) => bitRate(s.receiveVideoBps + s.receiveAudioBps)],
  ["Outgoing bitrate", "sending", (s) => bitRate(s.sendVideoBps + s.sendAudioBps)],
  ["Incoming video", "receive-size", (s) => size(s.receiveWidth, s.receiveHeight, s.receiveFps)],
  ["Outgoing video", "send-size", (s) => size(s.sendWidth, s.sendHeight, s.sendFps)],
  [
    "Available outgoing bitrate",
    "available",
    (s) => (s.availableSendBps === null ? "–" : bitRate(s.availableSendBps)),
  ],
];

export function createQuality(): Quality {
  const text = h("span", { class: "quality-words" });
  const bars = h("span", { class: "bars", attributes: { "aria-hidden": "true" } }, h("i"), h("i"), h("i"));
  const sign = button(
    {
      class: "quality",
      testId: "quality",
      attributes: { "aria-expanded": "false", "aria-controls": "details" },
    },
    bars,
    text,
  );
  const { panel, ...measurements } = createPanel();
  const setOpen = (isOpen: boolean): void => {
    panel.hidden = !isOpen;
    setAttribute(sign, "aria-expanded", String(isOpen));
  };
  setOpen(false);
  sign.addEventListener("click", () => setOpen(panel.hidden === true));
  return {
    sign,
    panel,
    close: () => setOpen(false),
    update(call, measured) {
      const isUp = call.phase === "connected" || call.phase === "reconnecting";
      setHidden(sign, !isUp);
      if (!isUp) setOpen(false);
      sign.dataset.quality = call.quality;
      setText(text, qualityText[call.quality]);
      setAttribute(sign, "title", "Connection details");
      measurements.update(call, measured);
    },
  };
}

function createPanel() {
  const cells = rows.map(([, testId]) => h("dd", { testId: `stat-${testId}` }, "–"));
  const sentAs = h("dd", { testId: "stat-sent-as" }, "–");
  const shownAs = h("dd", { testId: "stat-shown-as" }, "–");
  const table = h("dl", {});
  rows.forEach(([name], at) => void table.append(h("dt", {}, name), cells[at] ?? ""));
  table.append(
    h("dt", {}, "Outgoing quality limitation"),
    sentAs,
    h("dt", {}, "Incoming quality limitation"),
    shownAs,
  );
  const refused = h("dd", { testId: "stat-refused" }, "–");
  table.append(h("dt", {}, "Refused"), refused);
  const reasons = h("ul", { class: "reasons", testId: "stat-reasons" });
  const panel = h(
    "section",
    {
      class: "details",
      testId: "details",
      label: "Connection details",
      attributes: { id: "details", tabindex: "0" },
    },
    table,
    reasons,
  );
  return {
    panel,
    update(call: CallInfo, { statistics, refusals }: Measured): void {
      setText(refused, refusalsText(refusals));
      setText(sentAs, adaptationText(call.sending));
      setText(shownAs, adaptationText(call.showing));
      showReasons(reasons, detailedReasons(call));
      rows.forEach(([, , show], at) => {
        const cell = cells[at];
        if (cell) setText(cell, statistics?.callId === call.callId ? show(statistics) : "–");
      });
    },
  };
}

function showReasons(list: HTMLElement, texts: readonly string[]): void {
  const shown = [...list.children].map(({ textContent }) => textContent);
  if (shown.join("\n") !== texts.join("\n")) list.replaceChildren(...texts.map((text) => h("li", {}, text)));
  setHidden(list, texts.length === 0);
}

function adaptationText({ step, reason }: CallInfo["showing"]): string {
  return reason === undefined ? stepText[step] : `${stepText[step]}: ${reason}`;
}

function milliseconds(value: number | null): string {
  return value === null ? "–" : `${Math.round(value)} ms`;
}

function percent(share: number | null): string {
  return share === null ? "–" : `${(share * 100).toFixed(1)} %`;
}

/** 1 520 000 → "1.52 Mbit/s", 48 000 → "48 kbit/s". */
export function bitRate(bps: number): string {
  return bps >= 1_000_000 ? `${(bps / 1_000_000).toFixed(2)} Mbit/s` : `${Math.round(bps / 1000)} kbit/s`;
}

function size(width: number, height: number, fps: number): string {
  return width > 0 ? `${width} × ${height}, ${Math.round(fps)} fps` : "–";
}
