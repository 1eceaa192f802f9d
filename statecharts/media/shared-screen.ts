// The state of the shared screen in the media chart's context.

import type { ScreenEndReason, ScreenSource } from "../../rpc-schema/index.ts";

/** A screen that is captured. */
export interface OpenScreen {
  readonly kind: ScreenSource["kind"];
  /** For people; empty for all monitors. */
  readonly name: string;
  /** The window is minimised, so nothing new can be captured of it. Absent: it is not. */
  readonly isHidden?: true;
}

export interface ScreenEnd {
  readonly reason: ScreenEndReason;
  /** For people; null where the reason says all. */
  readonly why: string | null;
}

export interface ScreenContext {
  /** The source that the user chose in the host's page; null: the desktop asks. */
  readonly source: string | null;
  readonly open: OpenScreen | null;
  /** Why it last ended or did not begin. */
  readonly end: ScreenEnd | null;
}

export const NO_SCREEN: ScreenContext = { source: null, open: null, end: null };

/** Nothing is captured again by itself, because the user of another process did not choose it. */
export const SCREEN_LOST_IN_CRASH: ScreenEnd = {
  reason: "failed",
  why: "the plugin ended unexpectedly and was started again",
};
