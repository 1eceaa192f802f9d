// The settings page, built from the plugin manifest that the host provides. Each change is sent at once. A refused change
// shows the reason below its field, and the old value again.

import type { HostValues } from "../../../rpc-schema/index.ts";
import type { SettingSchema, SettingsAnswer } from "../../http/page-messages.ts";
import { button, h, setDialogOpen, setHidden, setText } from "../dom.ts";
import { errorSentence, settingSentence } from "../error-sentences.ts";
import { icon } from "../icons.ts";
import { UnansweredChanges } from "../link/unanswered-changes.ts";
import type { PageState } from "../store.ts";
import { createFieldInput, type FieldInput } from "./settings-fields.ts";

interface SettingsDialogHandlers {
  /** Reads the settings that the host stores. */
  load(): Promise<SettingsAnswer>;
  /** @returns the settings after the change. @throws Error whose message names the refused values */
  change(values: Partial<HostValues>): Promise<SettingsAnswer>;
  onRestart(): void;
}

interface SettingsDialog {
  readonly element: HTMLDialogElement;
  open(): void;
  update(state: PageState): void;
}

export function createSettingsDialog(handlers: SettingsDialogHandlers): SettingsDialog {
  const form = new SettingsForm(handlers);
  const title = h("h2", { attributes: { id: "settings-title" } }, "Settings");
  const close = button(
    { class: "icon-button dialog-close", label: "Close", onClick: () => setDialogOpen(element, false) },
    icon("close"),
  );
  const element = h(
    "dialog",
    {
      class: "dialog settings",
      testId: "settings-dialog",
      attributes: { "aria-labelledby": "settings-title" },
    },
    h("div", { class: "dialog-head" }, title, close),
    ...form.elements,
  );
  return {
    element,
    open() {
      void form.load();
      setDialogOpen(element, true);
    },
    update(state) {
      const hasChanged = form.setState(state);
      // Another page or the device picker may have changed the settings.
      if (element.open && hasChanged) void form.load();
    },
  };
}

class SettingsForm {
  readonly #handlers: SettingsDialogHandlers;
  readonly #fields = new Map<string, Field>();
  readonly #list = h("div", { class: "settings-list" });
  readonly #version = h("p", { class: "hint", testId: "settings-version" });
  readonly #trouble = h("p", {
    class: "field-error",
    testId: "settings-trouble",
    attributes: { role: "alert" },
  });
  readonly #restart: ReturnType<typeof createRestart>;
  #state: PageState | undefined;
  #answer: SettingsAnswer | undefined;

  constructor(handlers: SettingsDialogHandlers) {
    this.#handlers = handlers;
    this.#restart = createRestart(handlers.onRestart);
  }

  get elements(): HTMLElement[] {
    return [this.#restart.element, this.#trouble, this.#list, this.#version];
  }

  /** @returns whether anything has changed that this page shows */
  setState(state: PageState): boolean {
    const last = this.#state;
    this.#state = state;
    const { host, devices } = state;
    return (
      host?.settings !== last?.host?.settings ||
      host?.restartNeeded !== last?.host?.restartNeeded ||
      devices !== last?.devices
    );
  }

  /** Never rejects. The page shows a failure. */
  async load(): Promise<void> {
    setText(this.#trouble, "");
    try {
      this.#answer = await this.#handlers.load();
      this.#draw(this.#answer);
      this.#show();
    } catch (error) {
      setText(this.#trouble, errorSentence(error));
    }
  }

  /** Draws the fields once, because the manifest of a host does not change. */
  #draw({ schema }: SettingsAnswer): void {
    if (this.#fields.size > 0) return;
    for (const [name, setting] of Object.entries(schema)) {
      const field: Field = createField(name, setting, (value) => void this.#change(name, field, value));
      this.#fields.set(name, field);
      this.#list.append(field.element);
    }
  }

  #show(): void {
    const [answer, state] = [this.#answer, this.#state];
    if (!answer || !state) return;
    setText(this.#version, `${answer.title} ${answer.version}`);
    this.#restart.update(answer.restartNeeded, answer.schema);
    for (const [name, field] of this.#fields) field.show(answer, state, name);
  }

  async #change(name: string, field: Field, value: unknown): Promise<void> {
    field.setError("");
    try {
      this.#answer = await field.unanswered.add(this.#handlers.change({ [name]: value }));
    } catch (error) {
      field.setError(settingSentence(error));
    }
    this.#show();
  }
}

interface Field {
  readonly element: HTMLElement;
  readonly unanswered: UnansweredChanges;
  /** While a change is unanswered, the value stays as the user chose it. */
  show(answer: SettingsAnswer, state: PageState, name: string): void;
  setError(text: string): void;
}

function createField(name: string, schema: SettingSchema, onChange: (value: unknown) => void): Field {
  const input: FieldInput = createFieldInput({ name, schema, onChange });
  const label = input.labelled
    ? h("label", { class: "setting-title", attributes: { for: input.labelled.id } }, schema.title)
    : h("span", { class: "setting-title" }, schema.title);
  const hint = h("p", { class: "hint" }, schema.description ?? "");
  const error = h("p", {
    class: "field-error",
    testId: `setting-${name}-error`,
    attributes: { role: "alert" },
  });
  const element = h(
    "div",
    { class: "setting", attributes: { "data-type": String(schema.type ?? "") } },
    label,
    input.element,
    hint,
    error,
  );
  const unanswered = new UnansweredChanges();
  return {
    element,
    unanswered,
    show({ values }, { devices }) {
      if (!unanswered.exist) input.show((values as Readonly<Record<string, unknown>>)[name], devices);
      // While calls are switched off the list of devices is empty.
      const isDimmed = values.video_disabled && "x-device" in schema;
      element.dataset.dimmed = String(isDimmed);
      if (input.labelled instanceof HTMLSelectElement) input.labelled.disabled = isDimmed;
    },
    setError: (text) => setText(error, text),
  };
}

function createRestart(onRestart: () => void) {
  const text = h("p", { testId: "settings-restart-why" });
  const restart = button(
    { class: "button", testId: "settings-restart", onClick: onRestart },
    icon("restart"),
    "Start again now",
  );
  const element = h("div", { class: "settings-restart", attributes: { role: "status" } }, text, restart);
  setHidden(element, true);
  return {
    element,
    update(names: readonly string[], schema: SettingsAnswer["schema"]): void {
      setHidden(element, names.length === 0);
      const titles = names.map((name) => `“${schema[name]?.title ?? name}”`).join(", ");
      setText(text, `${titles}: takes effect when the plugin starts again. A running call ends then.`);
    },
  };
}
