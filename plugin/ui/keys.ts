// The keys of a call. They work while no dialog is open and no field has the focus. Escape is not among them: it closes dialogs
// and leaves full screen, and never ends a call.

/** Kept in the page's storage, so that a user of speech input can switch the keys off for good. */
const STORAGE_KEY = "goop-call-keys";

/** What each key does, for the list of keys. */
export const KEYS = {
  m: "Mute or unmute the microphone",
  v: "Turn the camera on or off",
  d: "Share your screen, or stop that",
  f: "Full screen",
  s: "Swap the two pictures",
  h: "Hide or show your own picture",
  "?": "This list",
} as const;

export type CallKey = keyof typeof KEYS;

export class CallKeys {
  readonly #onKey: (key: CallKey) => void;
  #isOn = isStoredOn();

  /** Listens from now on, as long as the page lives. */
  constructor(onKey: (key: CallKey) => void) {
    this.#onKey = onKey;
    document.addEventListener("keydown", (event) => this.#press(event));
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  set isOn(isOn: boolean) {
    this.#isOn = isOn;
    try {
      localStorage.setItem(STORAGE_KEY, isOn ? "on" : "off");
    } catch (error) {
      console.debug("the choice lasts as long as this page", error);
    }
  }

  #press(event: KeyboardEvent): void {
    const { ctrlKey, altKey, metaKey, repeat, defaultPrevented } = event;
    if (ctrlKey || altKey || metaKey || repeat || defaultPrevented) return;
    if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
    const name = keyName(event);
    if (!isCallKey(name) || !this.isOn) return;
    event.preventDefault();
    this.#onKey(name);
  }
}

/** A webview may have no storage. */
function isStoredOn(): boolean {
  try {
    return localStorage.getItem(STORAGE_KEY) !== "off";
  } catch (error) {
    console.debug("no storage", error);
    return true;
  }
}

/** On a keyboard without Latin letters the place of the key counts. */
function keyName({ key, code }: KeyboardEvent): string {
  const letter = /^Key([A-Z])$/.exec(code)?.[1];
  const isForeign = key.length === 1 && key > "\u007f";
  return (isForeign ? (letter ?? key) : key).toLowerCase();
}

function isCallKey(key: string): key is CallKey {
  return Object.hasOwn(KEYS, key);
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (target.isContentEditable || target.matches("input, select, textarea"))
  );
}
