// A desktop that shows notifications of calls, without a bus.
//
//     const notifier = createFakeNotifier();        notifier.create(choices) is what the plugin's engines take
//     notifier.shown                                the call that is shown; null without one
//     notifier.press("answer")                      the user presses a button of the shown notification

import type { CallNotifier, NotificationChoices, NotifiedCall } from "../../../plugin/alerts/notifier.ts";

export interface FakeNotifier {
  readonly shown: NotifiedCall | null;
  /** The ids of all calls that were shown, in order. */
  readonly history: readonly string[];
  create(choices: NotificationChoices): CallNotifier;
  press(button: "answer" | "decline"): void;
}

export function createFakeNotifier(): FakeNotifier {
  let shown: NotifiedCall | null = null;
  let choices: NotificationChoices | undefined;
  const history: string[] = [];
  return {
    get shown() {
      return shown;
    },
    history,
    create(given) {
      choices = given;
      return {
        show(call) {
          if (call !== null && call.callId !== shown?.callId) history.push(call.callId);
          shown = call;
        },
        async close() {
          shown = null;
        },
      };
    },
    press(button) {
      if (shown === null) throw new Error("no notification is shown");
      if (button === "answer") choices?.onAnswer(shown.callId);
      else choices?.onDecline(shown.callId);
    },
  };
}
