// The quality of the connection: a button with three bars in the call's header, and a panel with the measurements.

import type { CallInfo, CallStatistics } from "../../../rpc-schema/index.ts";
import { button, h, setAttribute, setHidden, setText } from "../dom.ts";
import { qualityText, refusalsText, stepText } from "../messages.ts";
import type { PageState } from "../store.ts";

/** What the plugin measured and refused. */
export type Measured = Pick<PageState, "statistics" | "refusals">;

interface Quality {
  readonly sign: HTMLElement;
  readonly panel: HTMLElement;
  /** Statistics of another call are shown as dashes. */
  update(call: CallInfo, measured: Measured): void;
}

type Row = readonly [name: string, testId: string, show: (statistics: CallStatistics) => string];

const rows: readonly Row[] = [
  ["Round trip", "round-trip", (s) => milliseconds(s.roundTripMs)],
  ["Packets lost", "loss", (s) => (s.fractionLost === null ? "–" : `${(s.fractionLost * 100).toFixed(1)} %`)],
  ["Jitter", "jitter", (s) => milliseconds(s.jitterMs)],
  ["Receiving", "receiving", (s) => bitRate(s.receiveVideoBps + s.receiveAudioBps)],
  ["Sending", "sending", (s) => bitRate(s.sendVideoBps + s.sendAudioBps)],
  ["Their picture", "receive-size", (s) => size(s.receiveWidth, s.receiveHeight, s.receiveFps)],
  ["Your picture", "send-size", (s) => size(s.sendWidth, s.sendHeight, s.sendFps)],
  ["Room to send", "available", (s) => (s.availableSendBps === null ? "–" : bitRate(s.availableSendBps))],
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
  const cells = rows.map(([, testId]) => h("dd", { testId: `stat-${testId}` }, "–"));
  const sentAs = h("dd", { testId: "stat-sent-as" }, "–");
  const shownAs = h("dd", { testId: "stat-shown-as" }, "–");
  const table = h("dl", {});
  rows.forEach(([name], at) => void table.append(h("dt", {}, name), cells[at] ?? ""));
  const refused = h("dd", { testId: "stat-refused" }, "–");
  table.append(h("dt", {}, "Sent as"), sentAs, h("dt", {}, "Shown as"), shownAs);
  table.append(h("dt", {}, "Refused"), refused);
  const panel = h(
    "section",
    { class: "details", testId: "details", label: "Connection details", attributes: { id: "details" } },
    table,
  );
  panel.hidden = true;
  sign.addEventListener("click", () => {
    panel.hidden = !panel.hidden;
    sign.setAttribute("aria-expanded", String(!panel.hidden));
  });
  return {
    sign,
    panel,
    update(call, { statistics, refusals }) {
      const isUp = call.phase === "connected" || call.phase === "reconnecting";
      setHidden(sign, !isUp);
      if (!isUp) panel.hidden = true;
      sign.dataset.quality = call.quality;
      setText(text, qualityText[call.quality]);
      setText(sentAs, adaptationText(call.sending));
      setText(shownAs, adaptationText(call.showing));
      setText(refused, refusalsText(refusals));
      setAttribute(sign, "title", "Connection details");
      rows.forEach(([, , show], at) => {
        const cell = cells[at];
        if (cell) setText(cell, statistics?.callId === call.callId ? show(statistics) : "–");
      });
    },
  };
}

function adaptationText({ step, reason }: CallInfo["showing"]): string {
  return reason === undefined ? stepText[step] : `${stepText[step]}: ${reason}`;
}

function milliseconds(value: number | null): string {
  return value === null ? "–" : `${Math.round(value)} ms`;
}

/** 1 520 000 → "1.52 Mbit/s", 48 000 → "48 kbit/s". */
export function bitRate(bps: number): string {
  return bps >= 1_000_000 ? `${(bps / 1_000_000).toFixed(2)} Mbit/s` : `${Math.round(bps / 1000)} kbit/s`;
}

function size(width: number, height: number, fps: number): string {
  return width > 0 ? `${width} × ${height}, ${Math.round(fps)} fps` : "–";
}
