// The sound cards that no sound server holds, such as one whose profile is off there, or one that JACK uses.

import { readFileSync } from "node:fs";
import type { ServerState } from "../../../native/sound-server.ts";

const CARDS = "/proc/asound/cards";

/** @returns ALSA's numbers of the cards that the server does not hold */
export function bareCards(state: ServerState, file = CARDS): Set<string> {
  const held = new Set([
    ...state.alsaCards,
    ...[...state.sinks, ...state.sources].map(({ alsaCard }) => alsaCard),
  ]);
  return new Set(cardNumbers(file).filter((card) => !held.has(card)));
}

/** Each card has two lines, and the first one begins with its number. */
function cardNumbers(file: string): string[] {
  try {
    return [...readFileSync(file, "utf8").matchAll(/^ *(\d+) \[/gm)].map(([, card = ""]) => card);
  } catch {
    return []; // a kernel without sound has no such file
  }
}
