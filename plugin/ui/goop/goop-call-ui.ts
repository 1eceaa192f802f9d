// `Goop.callUI`: the least that shows a call and a ringing one, for pages that bring no view of their own. Everything it does
// it does by the session's own members.

import { button, h, setText } from "../dom.ts";
import type { CallMedia, GoopCalls, IncomingCall } from "./goop-calls.ts";
import type { GoopSession } from "./goop-session.ts";

export interface CallUi {
  /** Calls and shows. @throws LinkError */
  startCall(peerId: string, wish?: CallMedia): Promise<GoopSession>;
  /** The call that is shown; null when none is. */
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
    async startCall(peerId, wish) {
      const session = await calls.start(peerId, wish);
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
  session.onStateChange((changed) => setText(state, changed));
  const toggle = (testId: string, name: string, act: () => boolean): HTMLElement => {
    const press = (): void => one.setAttribute("aria-pressed", String(!act()));
    const one = button({ testId, attributes: { "aria-pressed": "false" }, onClick: press }, name);
    return one;
  };
  return h(
    "section",
    { class: "goop-call", testId: "goop-call", label: "Call" },
    remote,
    local,
    state,
    toggle("goop-mute", "Mute", () => session.toggleAudio()),
    toggle("goop-camera", "Camera off", () => session.toggleVideo()),
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
