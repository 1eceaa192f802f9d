// `Goop.callUI`: a minimal view of a call and of an incoming call, for pages without a view of their own. It uses only
// members of the session that every page can use.

import { button, h, setText } from "../dom.ts";
import type { CallMedia, GoopCalls, IncomingCall } from "./goop-calls.ts";
import type { GoopSession } from "./goop-session.ts";

export interface CallUi {
  /** Starts a call and shows it. @throws LinkError */
  startCall(peerId: string, media?: CallMedia): Promise<GoopSession>;
  /** The session that is shown, or null. */
  activeSession(): GoopSession | null;
  showCall(session: GoopSession): void;
  showIncoming(incoming: IncomingCall): void;
}

export function createCallUi(calls: Pick<GoopCalls, "start">): CallUi {
  let active: GoopSession | null = null;
  const showCall = (session: GoopSession): void => {
    if (session === active) return;
    active = session;
    const view = createCallPanel(session);
    document.body.append(view);
    session.onHangup(() => {
      view.remove();
      if (active === session) active = null;
    });
  };
  return {
    async startCall(peerId, media) {
      const session = await calls.start(peerId, media);
      showCall(session);
      return session;
    },
    activeSession: () => active,
    showCall,
    showIncoming(incoming) {
      const dialog = createIncomingPanel(incoming, showCall);
      document.body.append(dialog);
      incoming.onEnded(() => dialog.remove());
    },
  };
}

function createCallPanel(session: GoopSession): HTMLElement {
  const remote = h("canvas", { testId: "goop-remote", label: "The other side's picture" });
  const local = h("canvas", { testId: "goop-local", label: "Your own picture" });
  if (session.mediaType === "video") {
    session.drawRemote(remote);
    session.drawLocal(local);
  }
  const state = h("p", { testId: "goop-state", attributes: { role: "status" } }, session.state);
  session.onStateChange((newState) => setText(state, newState));
  const createToggle = (testId: string, name: string, toggle: () => boolean): HTMLElement => {
    const onClick = (): void => element.setAttribute("aria-pressed", String(!toggle()));
    const element = button({ testId, attributes: { "aria-pressed": "false" }, onClick }, name);
    return element;
  };
  return h(
    "section",
    { class: "goop-call", testId: "goop-call", label: "Call" },
    remote,
    local,
    state,
    createToggle("goop-mute", "Mute", () => session.toggleAudio()),
    createToggle("goop-camera", "Camera off", () => session.toggleVideo()),
    button({ testId: "goop-hangup", onClick: () => session.hangup() }, "Hang up"),
  );
}

function createIncomingPanel(incoming: IncomingCall, show: (session: GoopSession) => void): HTMLElement {
  const accept = (): void => {
    incoming.accept().then(show, reportError);
  };
  return h(
    "section",
    { class: "goop-incoming", testId: "goop-incoming", label: "Incoming call" },
    h("p", {}, `${incoming.mediaType === "video" ? "Video call" : "Call"} from ${incoming.peerId}`),
    button({ testId: "goop-accept", onClick: accept }, "Accept"),
    button({ testId: "goop-reject", onClick: () => incoming.reject() }, "Decline"),
  );
}
