// Microphone and camera of an incoming call, set before the answer. Nothing opens by it: the answer opens what is on.

import type { CallInfo } from "../../../../rpc-schema/index.ts";
import { button, h, setAttribute, setHidden, setText } from "../../dom.ts";
import { icon } from "../../icons.ts";

interface AnswerSwitchHandlers {
  onMicrophone(call: CallInfo, on: boolean): void;
  onCamera(call: CallInfo, on: boolean): void;
}

interface AnswerSwitches {
  readonly element: HTMLElement;
  update(call: CallInfo): void;
}

export function createAnswerSwitches(handlers: AnswerSwitchHandlers): AnswerSwitches {
  let call: CallInfo | undefined;
  const kinds = [
    {
      kind: "microphone",
      name: "Microphone",
      on: "microphone",
      off: "microphoneOff",
      act: handlers.onMicrophone,
    },
    { kind: "camera", name: "Camera", on: "video", off: "videoOff", act: handlers.onCamera },
  ] as const;
  const switches = kinds.map(({ kind, name, on, off, act }) => {
    const label = h("span");
    const element = button(
      {
        class: "tool answer-switch",
        testId: `answer-${kind}`,
        attributes: { role: "switch" },
        onClick: () => {
          if (call?.wanted) act(call, !call.wanted[kind]);
        },
      },
      h("span", { class: "answer-icons" }, icon(on), icon(off)),
      label,
    );
    return {
      element,
      update(isOn: boolean): void {
        element.dataset.on = String(isOn);
        setAttribute(element, "aria-checked", String(isOn));
        setText(label, `${name} ${isOn ? "on" : "off"}`);
      },
      kind,
    };
  });
  const element = h(
    "div",
    { class: "answer-switches", attributes: { role: "group", "aria-label": "With your answer" } },
    ...switches.map((one) => one.element),
  );
  return {
    element,
    update(newCall) {
      call = newCall;
      const { wanted } = newCall;
      // An older plugin does not know it.
      setHidden(element, wanted === undefined);
      if (wanted) for (const one of switches) one.update(wanted[one.kind]);
    },
  };
}
