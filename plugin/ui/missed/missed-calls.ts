// The list of missed calls below the contacts. Opening it marks the calls as seen, and a click on an entry calls back.

import type { MissedCaller } from "../../../rpc-schema/index.ts";
import type { Actions } from "../actions.ts";
import { createAvatar } from "../components/avatar.ts";
import { button, h, setAttribute, setHidden, setText } from "../dom.ts";
import { errorSentence } from "../error-sentences.ts";
import { icon } from "../icons.ts";
import { type Link, LinkError } from "../link/page-link.ts";
import { peerName } from "../messages.ts";
import type { PageState } from "../store.ts";
import { callTime, missedText, unseenCount } from "./missed-text.ts";

export interface MissedCallsProps {
  readonly link: Link;
  readonly actions: Pick<Actions, "start">;
  onFailure(message: string): void;
}

interface MissedCallsView {
  readonly element: HTMLElement;
  update(state: PageState): void;
}

export function createMissedCalls(props: MissedCallsProps): MissedCallsView {
  const { link } = props;
  const badge = h("span", { class: "missed-badge", testId: "missed-badge" });
  const heading = h("h2", {}, "Missed calls");
  const list = h("ul", { class: "missed-list", testId: "missed-list" });
  const element = h("details", { class: "missed", testId: "missed" }, h("summary", {}, heading, badge), list);
  let missed: readonly MissedCaller[] = [];
  let page: PageState | undefined;
  let isLoaded = false;
  const request = (work: Promise<unknown>) =>
    void work.catch((error: unknown) => props.onFailure(errorSentence(error)));

  const draw = () => {
    setHidden(element, missed.length === 0);
    const unseen = unseenCount(missed);
    setHidden(badge, unseen === 0);
    setText(badge, String(unseen));
    setAttribute(badge, "aria-label", `${unseen} not seen`);
    drawRows(list, missed, page, props);
  };
  const markSeen = () => {
    const until = Math.max(...missed.map(({ lastAt }) => lastAt));
    if (element.open && unseenCount(missed) > 0) request(link.request("calls.seen", { until }));
  };
  const show = (next: readonly MissedCaller[]) => {
    missed = next;
    draw();
    markSeen();
  };
  const load = async () => {
    try {
      show((await link.request("calls.missed", {})).missed);
    } catch (error) {
      // An older plugin keeps no list.
      if (!(error instanceof LinkError && error.kind === "methodNotFound")) throw error;
    }
  };
  element.addEventListener("toggle", markSeen);
  link.on("calls.missedChanged", ({ missed: changed }) => show(changed));
  return {
    element,
    update(state) {
      const isReady = state.isConnected && state.host?.plugin.state === "ready";
      const isNew = isReady && !isLoaded;
      isLoaded = isReady;
      page = state;
      draw();
      if (isNew) request(load());
    },
  };
}

/** Draws only changes, so that the keyboard focus survives an update. */
function drawRows(
  list: HTMLElement,
  missed: readonly MissedCaller[],
  page: PageState | undefined,
  props: MissedCallsProps,
): void {
  const isFree = page?.host?.plugin.state === "ready" && page.isConnected && page.calls.length === 0;
  const isDisabled = page?.host?.availability?.videoDisabled ?? false;
  const key = JSON.stringify([missed, isFree, isDisabled, missed.map((one) => nameOf(one, page))]);
  if (list.dataset.drawn === key) return;
  const focused = list.contains(document.activeElement) ? document.activeElement : null;
  const peerId = focused instanceof HTMLElement ? focused.dataset.peer : undefined;
  list.dataset.drawn = key;
  list.replaceChildren(
    ...missed.map((one) => createRow(one, nameOf(one, page), isFree && !isDisabled, props)),
  );
  if (peerId === undefined) return;
  list.querySelector<HTMLElement>(`button[data-peer="${CSS.escape(peerId)}"]`)?.focus();
}

/** A contact may have another name now. */
function nameOf({ peerId, peerLabel }: MissedCaller, page: PageState | undefined): string {
  const contact = page?.contacts.find((one) => one.peerId === peerId);
  return peerName(contact?.label || peerLabel, peerId);
}

function createRow(one: MissedCaller, name: string, canCall: boolean, props: MissedCallsProps): HTMLElement {
  const { peerId, media, lastAt, unseen } = one;
  const avatar = createAvatar();
  avatar.set(name, peerId);
  const call = button(
    {
      class: "icon-button call-button",
      testId: "call-back",
      label: media === "video" ? `Call ${name} back with video` : `Call ${name} back by voice`,
      attributes: { "data-peer": peerId },
      onClick: () => props.actions.start(peerId, media),
    },
    icon(media === "audio" ? "phone" : "video"),
  );
  call.disabled = !canCall;
  const when = h("span", { class: "missed-when" }, missedText(one, callTime(lastAt, Date.now())));
  const text = h("div", { class: "contact-text" }, h("span", { class: "contact-name" }, name), when);
  const row = h("li", { class: "contact", testId: `missed-${peerId}` }, avatar.element, text, call);
  row.dataset.unseen = String(unseen > 0);
  return row;
}
