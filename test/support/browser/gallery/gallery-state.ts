// What a state of the call page is, and the call that all of them show.

import type { ScriptStep } from "../../fakes/scripted-data.ts";

export interface GalleryState {
  readonly name: string;
  /** What the plugin does, in order. */
  readonly steps: readonly ScriptStep[];
  /** Test ids that the user clicks, in order. */
  readonly clicks?: readonly string[];
  /** Test ids of what is visible then. */
  readonly shows: readonly string[];
  /** What can be read then, where no part appears or changes its size with it. */
  readonly texts?: readonly string[];
  /** The host ends, and no state can follow. */
  readonly endsHost?: boolean;
}

export const callId = "call-of-test";
/** In the future, so that the call's clock stands at 0:00. */
export const connectedAt = Date.UTC(2100, 0, 1);
