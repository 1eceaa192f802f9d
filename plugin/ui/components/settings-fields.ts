// One setting drawn from its JSON Schema: a switch, a choice, a device, numbers, or a list of servers. Knows no setting by
// name; whether a value is taken is decided by whoever answers.

import type { Device, DeviceKind, DeviceList } from "../../../rpc-schema/index.ts";
import type { SettingSchema } from "../../http/page-messages.ts";
import { button, h } from "../dom.ts";
import { icon } from "../icons.ts";

export interface FieldProps {
  readonly name: string;
  readonly schema: SettingSchema;
  /** The user chose another value. */
  onChange(value: unknown): void;
}

export interface FieldInput {
  readonly element: HTMLElement;
  /** What the label belongs to; none where the parts have labels of their own. */
  readonly labelled?: HTMLElement;
  /** Shows a value that came from outside; what is being edited is left alone. */
  show(value: unknown, devices: DeviceList): void;
}

/** Any schema that is none of these is shown as JSON text. */
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

/** A stored device that is not there stays chosen, so that saving another setting does not lose it. */
function createDeviceChoice(props: FieldProps, kind: DeviceKind): FieldInput {
  const select = createSelect(props);
  let drawn = "";
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
      if (key !== drawn) select.replaceChildren(...choices.map(([id = "", name = ""]) => option(id, name)));
      drawn = key;
      select.value = chosen;
    },
  };
}

/** By id, or by the label that the field's files hold. */
function storedDevice(stored: string, list: readonly Device[]): Device | undefined {
  return list.find(({ id }) => id === stored) ?? list.find(({ name }) => name === stored);
}

function createNumbers({ name, onChange }: FieldProps, properties: Record<string, unknown>): FieldInput {
  const inputs = Object.entries(properties).map(([key, one]) => {
    const { minimum, maximum, description } = isRecord(one) ? one : {};
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

/** A list of objects with text in them, a row for each; several texts of one field are parted by spaces. */
function createRows({ name, schema, onChange }: FieldProps, properties: Record<string, unknown>): FieldInput {
  const rows = h("div", { class: "rows", testId: `setting-${name}` });
  const columns = Object.entries(properties).map(([key, one]) => ({
    key,
    isList: isRecord(one) && one.type === "array",
  }));
  const addRow = (value: Record<string, unknown>): HTMLInputElement | undefined => {
    const inputs = columns.map(({ key }) =>
      h("input", {
        label: key,
        testId: `setting-${name}-${key}`,
        attributes: { placeholder: key, "data-key": key, autocomplete: "off", spellcheck: "false" },
      }),
    );
    inputs.forEach((input, at) => {
      const own = value[columns[at]?.key ?? ""];
      input.value = Array.isArray(own) ? own.join(" ") : String(own ?? "");
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
  /** Rows that are still empty are not there yet. */
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
      for (const one of Array.isArray(value) ? value : []) if (isRecord(one)) addRow(one);
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

/** A browser's id says nothing to people. */
function shortened(id: string): string {
  return id.length > 40 ? `${id.slice(0, 12)}…` : id;
}

function option(value: string, text: string): HTMLOptionElement {
  return h("option", { attributes: { value } }, text);
}

function isDeviceKind(value: unknown): value is DeviceKind {
  return value === "camera" || value === "microphone" || value === "speaker";
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
