// A circle with a peer's initials. Its colour is derived from the peer's id, so that it is the same everywhere.

import { h, setText } from "../dom.ts";

/** The number of colours in base.css. */
const COLOURS = 8;

interface Avatar {
  readonly element: HTMLElement;
  set(name: string, id: string): void;
}

export function createAvatar(extraClass = ""): Avatar {
  const element = h("span", { class: `avatar ${extraClass}`, attributes: { "aria-hidden": "true" } });
  return {
    element,
    set(name, id) {
      setText(element, initials(name));
      element.dataset.colour = String(colourOf(id));
    },
  };
}

/** At most two letters: "Ada Lovelace" → "AL", "bob" → "B". */
export function initials(name: string): string {
  const words = name.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word));
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined];
  return letters.map((word) => word?.match(/[\p{L}\p{N}]/u)?.[0]?.toUpperCase() ?? "").join("") || "?";
}

/** The high bits of an FNV-1a hash, which are better mixed than the low ones. */
function colourOf(id: string): number {
  let hash = 0x811c9dc5;
  for (const character of id) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return (hash >>> 16) % COLOURS;
}
