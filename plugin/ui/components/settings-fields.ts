// Draws the input of one setting from its JSON Schema: a switch, a choice, a device, numbers, or a list of servers. The host
// validates the values.

import type { Device, DeviceKind, DeviceList } from "../../../rpc-schema/index.ts";
import type { SettingSchema } from "../../http/page-messages.ts";
import { button, h } from "../dom.ts";
import { icon } from "../icons.ts";
import { isRecord } from "../link/is-record.ts";

interface FieldProps {
  readonly name: string;
  readonly schema: SettingSchema;
  /** Runs when the user has chosen another value. */
  onChange(value: unknown): void;
}

export interface FieldInput {
  readonly element: HTMLElement;
  /** The element that the setting's label names. Undefined when the parts have their own labels. */
  readonly labelled?: HTMLElement;
  /** Shows the stored value. A field that has the focus is left unchanged. */
  show(value: unknown, devices: DeviceList): void;
}

/** A schema of any other kind gets a text field with JSON. */
export function createFieldInput(props: FieldProps): FieldInput {
  const { schema } = props;
  const device = schema["x-device"];
  if (isDeviceKind(device)) return createDeviceChoice(props, device);
  if (schema.type === "boolean") return createSwitch(props);
  if (Array.isArray(schema.enum)) return createChoice(props, schema.enum.map(String));
  if (schema.type === "object" && isRecord(schema.properties)) return createNumbers(props, schema.properties);
  if (schema.type === "array" && isRecord(schema.items) && isRecord(schema.items.properties)) {
    return createRows(props, schema.items.properties);
  }
  return createText(props);
}

function attributesOf(name: string): Record<string, string> {
  return { id: `setting-${name}` };
}

function createSwitch({ name, onChange }: FieldProps): FieldInput {
  const box = h("input", {
    testId: `setting-${name}`,
    attributes: { ...attributesOf(name), type: "checkbox", role: "switch" },
  });
  box.addEventListener("change", () => onChange(box.checked));
  return {
    element: box,
    labelled: box,
    show: (value) => {
      box.checked = value === true;
    },
  };
}

function createSelect({ name, onChange }: FieldProps): HTMLSelectElement {
  const select = h("select", { testId: `setting-${name}`, attributes: attributesOf(name) });
  select.addEventListener("change", () => onChange(select.value));
  return select;
}

function createChoice(props: FieldProps, choices: readonly string[]): FieldInput {
  const select = createSelect(props);
  select.append(...choices.map((choice) => option(choice, choice)));
  return {
    element: select,
    labelled: select,
    show: (value) => {
      select.value = String(value);
    },
  };
}

/** A stored device that is absent stays in the list, so that it is not lost when another setting is saved. */
function createDeviceChoice(props: FieldProps, kind: DeviceKind): FieldInput {
  const select = createSelect(props);
  let drawnKey = "";
  return {
    element: select,
    labelled: select,
    show(value, devices) {
      const list = devices[`${kind}s`];
      const stored = value === "auto" ? "" : String(value ?? "");
      const chosen = storedDevice(stored, list)?.id ?? stored;
      const isAbsent = chosen !== "" && !list.some(({ id }) => id === chosen);
      const choices = [
        ["", "Automatic"],
        ...list.map(({ id, name }) => [id, name]),
        ...(isAbsent ? [[chosen, `${shortened(chosen)} (not here now)`]] : []),
      ];
      const key = JSON.stringify(choices);
      if (key !== drawnKey)
        select.replaceChildren(...choices.map(([id = "", name = ""]) => option(id, name)));
      drawnKey = key;
      select.value = chosen;
    },
  };
}

/** Finds a device by id, or by its label, which the settings files of deployed Goop² contain. */
function storedDevice(stored: string, list: readonly Device[]): Device | undefined {
  return list.find(({ id }) => id === stored) ?? list.find(({ name }) => name === stored);
}

function createNumbers({ name, onChange }: FieldProps, properties: Record<string, unknown>): FieldInput {
  const inputs = Object.entries(properties).map(([key, property]) => {
    const { minimum, maximum, description } = isRecord(property) ? property : {};
    const input = h("input", {
      testId: `setting-${name}-${key}`,
      label: `${key}, ${String(description ?? "")}`,
      attributes: { type: "number", min: String(minimum ?? ""), max: String(maximum ?? "") },
    });
    return { key, input, label: h("label", { class: "number" }, key, input) };
  });
  const change = () =>
    onChange(Object.fromEntries(inputs.map(({ key, input }) => [key, input.valueAsNumber])));
  for (const { input } of inputs) input.addEventListener("change", change);
  return {
    element: h("div", { class: "numbers" }, ...inputs.map(({ label }) => label)),
    show(value) {
      for (const { key, input } of inputs) {
        if (isRecord(value) && document.activeElement !== input) input.value = String(value[key] ?? "");
      }
    },
  };
}

/** A list of objects with text fields, one row each. A field with several texts separates them by spaces. */
function createRows({ name, schema, onChange }: FieldProps, properties: Record<string, unknown>): FieldInput {
  const rows = h("div", { class: "rows", testId: `setting-${name}` });
  const columns = Object.entries(properties).map(([key, property]) => ({
    key,
    isList: isRecord(property) && property.type === "array",
  }));
  const addRow = (value: Record<string, unknown>): HTMLInputElement | undefined => {
    const inputs = columns.map(({ key }) =>
      h("input", {
        label: key,
        testId: `setting-${name}-${key}`,
        attributes: { placeholder: key, "data-key": key, autocomplete: "off", spellcheck: "false" },
      }),
    );
    inputs.forEach((input, index) => {
      const text = value[columns[index]?.key ?? ""];
      input.value = Array.isArray(text) ? text.join(" ") : String(text ?? "");
      input.addEventListener("change", () => onChange(read()));
    });
    const remove = button(
      { class: "icon-button", label: "Remove", testId: `setting-${name}-remove` },
      icon("close"),
    );
    const row = h("div", { class: "row" }, ...inputs, remove);
    remove.addEventListener("click", () => {
      row.remove();
      onChange(read());
    });
    rows.append(row);
    return inputs[0];
  };
  /** Skips empty rows. */
  const read = () =>
    [...rows.children].flatMap((row) => {
      const entries = columns.flatMap(({ key, isList }) => {
        const text = row.querySelector<HTMLInputElement>(`[data-key="${key}"]`)?.value.trim() ?? "";
        if (text === "") return [];
        return [[key, isList ? text.split(/[\s,]+/) : text] as const];
      });
      return entries.length > 0 ? [Object.fromEntries(entries)] : [];
    });
  const add = button(
    { class: "button", testId: `setting-${name}-add`, onClick: () => addRow({})?.focus() },
    icon("plus"),
    `Add to ${schema.title.toLowerCase()}`,
  );
  return {
    element: h("div", { class: "row-list" }, rows, add),
    show(value) {
      if (rows.contains(document.activeElement) || JSON.stringify(read()) === JSON.stringify(value)) return;
      rows.replaceChildren();
      for (const row of Array.isArray(value) ? value : []) if (isRecord(row)) addRow(row);
    },
  };
}

function createText({ name, onChange }: FieldProps): FieldInput {
  const input = h("input", { testId: `setting-${name}`, attributes: attributesOf(name) });
  input.addEventListener("change", () => onChange(input.value));
  return {
    element: input,
    labelled: input,
    show(value) {
      if (document.activeElement !== input)
        input.value = typeof value === "string" ? value : JSON.stringify(value);
    },
  };
}

/** Shortens the long ids of browsers, which mean nothing to a user. */
function shortened(id: string): string {
  return id.length > 40 ? `${id.slice(0, 12)}…` : id;
}

function option(value: string, text: string): HTMLOptionElement {
  return h("option", { attributes: { value } }, text);
}

function isDeviceKind(value: unknown): value is DeviceKind {
  return value === "camera" || value === "microphone" || value === "speaker";
}
