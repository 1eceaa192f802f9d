// The charts that run a call, and the types of their effects.

export * from "./adapt/judge.ts";
export * from "./adapt/machine.ts";
export type * from "./adapt/model.ts";
export * from "./alerts/missed-call.ts";
export * from "./alerts/ring-sound.ts";
export * from "./attach/machine.ts";
export * from "./availability/judge.ts";
export * from "./availability/mode.ts";
export * from "./call/machine.ts";
export type * from "./call/model.ts";
export * from "./calls/machine.ts";
export * from "./calls/may-start.ts";
export type * from "./calls/model.ts";
export { callWith } from "./calls/model.ts";
export { requestedMedia } from "./calls/signals.ts";
export * from "./describe/describe.ts";
export * from "./link/machine.ts";
export type * from "./link/model.ts";
export * from "./link/peer-kinds.ts";
export type * from "./media/choice.ts";
export { isBuiltIn } from "./media/choice.ts";
export * from "./media/level.ts";
export * from "./media/machine.ts";
export type * from "./media/model.ts";
export * from "./record/mask.ts";
export * from "./record/recorder.ts";
