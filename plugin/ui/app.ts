// Assembles the call page: the scene on the stage, the announcements for screen readers, and the keyboard focus.

import type { CallInfo, DeviceKind } from "../../rpc-schema/index.ts";
import { Actions } from "./actions.ts";
import { createAddContactDialog } from "./components/add-contact.ts";
import { createDeviceCheck } from "./components/before-call/device-check.ts";
import { createCallView } from "./components/call/call-view.ts";
import { createChartsLink } from "./components/charts-link.ts";
import { createContactList } from "./components/contact-list.ts";
import { createDevicePicker } from "./components/device-picker.ts";
import { createEndNotice } from "./components/end-notice.ts";
import { createIncomingDialog } from "./components/incoming-dialog.ts";
import { createKeysDialog } from "./components/keys-dialog.ts";
import { createSettingsDialog } from "./components/settings-dialog.ts";
import { createToast } from "./components/toast.ts";
import { createTrouble, isTroubled } from "./components/trouble.ts";
import { button, h, setHidden, setText } from "./dom.ts";
import { errorSentence } from "./error-sentences.ts";
import { icon } from "./icons.ts";
import { type CallKey, CallKeys } from "./keys.ts";
import { type Link, LinkError } from "./link/page-link.ts";
import { endSentence, peerName, phaseText } from "./messages.ts";
import { createMissedCalls } from "./missed/missed-calls.ts";
import type { ShareScreenHandlers } from "./screen/share-screen.ts";
import { findCurrent, findRinging, type PageState, Store } from "./store.ts";

type Scene = "welcome" | "call" | "ended" | "trouble";

/** Builds the page inside `root` and updates it from the link. */
export function createApp(root: HTMLElement, link: Link): void {
  const store = new Store(link);
  const toast = createToast();
  const actions = new Actions(link, toast.show);
  const parts = createParts(link, store, actions, toast.show);
  const stage = h(
    "main",
    { class: "stage" },
    // On a narrow page the contacts with their headings are away during a call.
    h("h1", { class: "announcer" }, "Calls"),
    parts.welcome,
    parts.call.element,
    parts.end.element,
    parts.trouble.element,
  );
  const announcer = h("p", { class: "announcer", testId: "announcer", attributes: { role: "status" } });
  const dialogs = [
    parts.keys.element,
    parts.incoming.element,
    parts.devices.element,
    parts.check.element,
    parts.addContact.element,
    parts.settings.element,
    parts.call.dialog,
  ];
  root.append(parts.contacts.element, stage, ...dialogs, toast.element, announcer);

  store.onError = (error) => toast.show(errorSentence(error));
  store.onLevels = (levels) => {
    parts.call.setLevels(levels);
    parts.devices.setLevels(levels);
  };
  store.onChange = (state) => {
    const scene = sceneOf(state);
    const isNewScene = root.dataset.scene !== scene;
    root.dataset.scene = scene;
    updateParts(parts, state, scene);
    setText(announcer, announcement(state));
    document.title = titleOf(state);
    if (isNewScene) restoreFocus(stage);
  };
  store.onChange(store.state);
}

type Parts = ReturnType<typeof createParts>;

function createParts(link: Link, store: Store, actions: Actions, showMessage: (message: string) => void) {
  const { check, devices } = createDeviceDialogs(link, store, actions, showMessage);
  const keys = createKeys((key) => call.pressKey(key));
  const addContact = createAddContactDialog((address) => actions.addContact(address));
  const call = createCallView({
    link,
    delivery: () => store.state.host?.pictures ?? "stdio",
    onError: (error) => void (isAlreadyReported(error) || showMessage(errorSentence(error))),
    onMicrophone: ({ callId }, on) => actions.setMicrophone(callId, on),
    onCamera: ({ callId }, on) => actions.setCamera(callId, on),
    onSnapshot: ({ callId, peerLabel, peerId }) =>
      actions.snapshot(callId, "remote", peerName(peerLabel, peerId)),
    onUseDevice: (call, kind, deviceId) => void actions.useDevice(call, kind, deviceId),
    onDevices: devices.open,
    onHelp: keys.open,
    onHangUp: ({ callId }) => actions.hangUp(callId),
    screen: screenHandlers(actions, showMessage),
  });
  const settings = createSettingsDialog({
    load: () => link.hostSettings(),
    change: (values) => link.changeHostSettings(values),
    onRestart: () => actions.restartPlugin(),
  });
  const contacts = createContactList({
    onCall: (peerId, media) => actions.start(peerId, media),
    onAdd: addContact.open,
    onDevices: devices.open,
    onSettings: settings.open,
  });
  const incoming = createIncomingDialog({
    onAccept: (callId, media) => actions.accept(callId, media),
    onDecline: (callId) => actions.decline(callId),
    onMicrophone: ({ callId }, on) => actions.setMicrophone(callId, on),
    onCamera: ({ callId }, on) => actions.setCamera(callId, on),
  });
  const end = createEndNotice({
    onCallAgain: (peerId, media) => actions.start(peerId, media),
    onDismiss: () => store.dismissEnd(),
  });
  const trouble = createTrouble(() => actions.restartPlugin(), settings.open);
  const missed = createMissedCalls({ link, actions, onFailure: showMessage });
  const charts = createChartsLink(location.hash);
  contacts.element.append(missed.element, charts.element);
  return {
    missed,
    charts,
    check,
    keys,
    devices,
    addContact,
    settings,
    call,
    contacts,
    incoming,
    end,
    trouble,
    welcome: createWelcome(() => check.open()),
  };
}

function screenHandlers(actions: Actions, onMessage: (message: string) => void): ShareScreenHandlers {
  return {
    sources: () => actions.screenSources(),
    share: (callId, source) => actions.shareScreen(callId, source),
    stop: (callId) => actions.stopScreen(callId),
    onMessage,
  };
}

function createDeviceDialogs(
  link: Link,
  store: Store,
  actions: Actions,
  showMessage: (message: string) => void,
) {
  const shared = {
    onOpen: () => void store.reloadDevices().catch((error: unknown) => showMessage(errorSentence(error))),
    onChoose: (call: CallInfo | undefined, kind: DeviceKind, deviceId: string) =>
      actions.useDevice(call, kind, deviceId),
  };
  const check = createDeviceCheck({
    ...shared,
    link,
    delivery: () => store.state.host?.pictures ?? "stdio",
    onError: (error) => {
      if (!isAlreadyReported(error)) showMessage(errorSentence(error));
    },
  });
  const devices = createDevicePicker({
    ...shared,
    onCheck: () => check.open(),
    onVoiceSetting: (setting, on) => actions.setVoiceSetting(setting, on),
  });
  return { check, devices };
}

/** The keys of a call, and the dialog that lists them. */
function createKeys(onKey: (key: CallKey) => void) {
  const dialog = createKeysDialog(new CallKeys((key) => (key === "?" ? dialog.open() : onKey(key))));
  return dialog;
}

/** The call or the connection ended while a stream was subscribed. The page shows that end already. */
function isAlreadyReported(error: unknown): boolean {
  return error instanceof LinkError && (error.kind === "unknownCall" || error.kind === "disconnected");
}

function updateParts(parts: Parts, state: PageState, scene: Scene): void {
  const isReady = state.host?.plugin.state === "ready";
  parts.contacts.update(state);
  parts.missed.update(state);
  parts.charts.update(state);
  parts.devices.update(state);
  parts.check.update(state);
  parts.addContact.update(state);
  parts.settings.update(state);
  parts.incoming.update(isTroubled(state) ? undefined : findRinging(state.calls));
  parts.call.update(scene === "call" ? findCurrent(state.calls) : undefined, state, isReady);
  parts.end.update(scene === "ended" ? state.ended : undefined, isReady);
  parts.trouble.update(state);
  setHidden(parts.welcome, scene !== "welcome");
}

function sceneOf(state: PageState): Scene {
  if (isTroubled(state)) return "trouble";
  if (findCurrent(state.calls)) return "call";
  return state.ended ? "ended" : "welcome";
}

function createWelcome(onCheck: () => void): HTMLElement {
  return h(
    "section",
    { class: "centre-card welcome", testId: "welcome" },
    h("span", { class: "welcome-sign" }, icon("video")),
    h("h2", {}, "Whom would you like to call?"),
    h("p", {}, "Choose a contact. Your camera and microphone stay closed until you call or answer."),
    button(
      { class: "check-button", testId: "welcome-check", onClick: onCheck },
      "Check camera and microphone",
    ),
  );
}

/** @returns the text for screen readers: changes of the call, without its running time */
function announcement(state: PageState): string {
  const call = findCurrent(state.calls);
  if (call) return `${peerName(call.peerLabel, call.peerId)}: ${phaseText(call)}`;
  const { ended } = state;
  return ended ? endSentence(ended.reason, ended.endedBy, peerName(ended.peerLabel, ended.peerId)) : "";
}

function titleOf(state: PageState): string {
  const ringing = findRinging(state.calls);
  if (ringing) return `${peerName(ringing.peerLabel, ringing.peerId)} is calling`;
  const call = findCurrent(state.calls);
  if (call) {
    // Seen in the list of windows while another one covers the page.
    const isSharing = call.local.screen?.state === "live";
    const title = `${peerName(call.peerLabel, call.peerId)} – ${phaseText(call)}`;
    return isSharing ? `Sharing your screen – ${title}` : title;
  }
  return state.host?.label ? `${state.host.label} – Calls` : "Calls";
}

/** Moves the focus to the new scene's heading when the focused button left with the old scene. */
function restoreFocus(stage: HTMLElement): void {
  const focused = document.activeElement;
  if (focused && focused !== document.body && focused.checkVisibility() && !focused.matches(":disabled"))
    return;
  const heading = [...stage.querySelectorAll<HTMLElement>("h2")].find((element) => element.checkVisibility());
  heading?.setAttribute("tabindex", "-1");
  heading?.focus();
}
