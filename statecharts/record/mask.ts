// Masks a log before it is shared. Placeholders replace secrets, addresses and device names. The same text gets the same
// placeholder throughout a log, so a masked log still replays.

import type { ChartLogEntry } from "../../rpc-schema/index.ts";
import { isObject } from "./plain.ts";

/** Fields that are masked as a whole, with the kind of their value. All other texts are searched for the patterns below. */
const FIELDS: Readonly<Record<string, string>> = {
  deviceId: "device",
  deviceName: "device",
  choice: "device",
  substitute: "device",
  first: "device",
  failedIds: "device",
  // Device ids in settings. Elsewhere these fields are objects or booleans.
  camera: "device",
  microphone: "device",
  speaker: "device",
  label: "label",
  peerLabel: "label",
  username: "user",
  credential: "secret",
  usernameFragment: "ufrag",
};
const PLACEHOLDER = /^<[a-z]+ (?:\d+|other)>$/;
/** No secret, address or name is longer. Peers choose most of them, and each is kept for as long as the log grows. */
const MAX_KNOWN_CHARS = 256;
const MAX_KNOWN = 10_000;
const MAX_NAMES = 256;
/** Shorter names would match within other words. */
const MIN_NAME = 4;
const DEVICE_FIELDS = { id: true, name: true };
/** Choices that do not identify a device. */
const OPEN_VALUES = new Set(["", "auto", "none", "tone", "test-pattern"]);

/**
 * RFC 8839 (ice-ufrag, ice-pwd), RFC 8122 (fingerprint), addresses as text. Peers choose the texts, so each pattern must
 * begin at one place of a run of its characters only; test/growth measures it.
 */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/(?<=a=ice-ufrag:)[^\r\n<]+/g, "ufrag"],
  [/(?<=(?<!<)\bufrag )[^\s<]+/g, "ufrag"],
  [/(?<=a=ice-pwd:)[^\r\n<]+/g, "secret"],
  [/(?<=a=fingerprint:[\w-]+ )[0-9A-Fa-f:]+/g, "fingerprint"],
  [/(?<![0-9A-Za-z-])[0-9A-Za-z-]+\.local\b/g, "host"],
  [/\/dev\/[\w./:-]+/g, "device"],
  [/\b(?:alsa|pulse|v4l2|usb)[:-][\w.:-]+/g, "device"],
  [/(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])/g, "address"],
  [/(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:])/g, "address"],
];

export class Mask {
  readonly #placeholders = new Map<string, string>();
  readonly #counts = new Map<string, number>();
  /** Device names found so far. They also occur within sentences, such as the reason for a lost camera. */
  readonly #names = new Set<string>();

  /** @returns a masked copy */
  entry(entry: ChartLogEntry): ChartLogEntry {
    if (entry.kind === "event") return { ...entry, event: this.#object(entry.event) as typeof entry.event };
    if (entry.kind === "step") return { ...entry, changed: this.#object(entry.changed) };
    return entry.kind === "actor" && "input" in entry ? { ...entry, input: this.value(entry.input) } : entry;
  }

  value(value: unknown, field = ""): unknown {
    if (typeof value === "string") return this.#text(value, field);
    if (Array.isArray(value)) return value.map((one) => this.value(one, field));
    return isObject(value) ? this.#object(value) : value;
  }

  #object(value: object): Record<string, unknown> {
    const fields = isDevice(value) ? DEVICE_FIELDS : {};
    return Object.fromEntries(
      Object.entries(value).map(([key, one]) => [
        key,
        key in fields && typeof one === "string" ? this.#whole(one, "device") : this.value(one, key),
      ]),
    );
  }

  #text(text: string, field: string): string {
    const kind = FIELDS[field];
    if (kind) return this.#whole(text, kind);
    let masked = text;
    for (const name of this.#names) masked = masked.replaceAll(name, this.#placeholder(name, "device"));
    for (const [pattern, what] of PATTERNS) {
      masked = masked.replace(pattern, (found) => this.#placeholder(found, what));
    }
    return masked;
  }

  #whole(text: string, kind: string): string {
    if (OPEN_VALUES.has(text) || PLACEHOLDER.test(text)) return text;
    const isName = text.length >= MIN_NAME && text.length <= MAX_KNOWN_CHARS && this.#names.size < MAX_NAMES;
    if (kind === "device" && isName) this.#names.add(text);
    return this.#placeholder(text, kind);
  }

  #placeholder(text: string, kind: string): string {
    const known = this.#placeholders.get(text);
    if (known) return known;
    if (text.length > MAX_KNOWN_CHARS || this.#placeholders.size >= MAX_KNOWN) return `<${kind} other>`;
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    const made = `<${kind} ${count}>`;
    this.#placeholders.set(text, made);
    return made;
  }
}

/** @returns whether the value is an entry of the list of devices */
function isDevice(value: object): boolean {
  return "id" in value && "name" in value && "isDefault" in value;
}
