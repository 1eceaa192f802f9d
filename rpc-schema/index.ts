// Everything that hosts, the plugin and the page share.

export * from "./chart-description.ts";
export * from "./chart-log.ts";
export * from "./common.ts";
export * from "./definition.ts";
export * from "./end-reasons.ts";
export * from "./errors.ts";
export * from "./host-settings.ts";
export * from "./issues.ts";
export * from "./manifest.ts";
export * from "./methods/calls.ts";
export * from "./methods/contacts.ts";
export * from "./methods/devices.ts";
export * from "./methods/frames.ts";
export * from "./methods/lifecycle.ts";
export * from "./registry.ts";
export * from "./settings.ts";
export * from "./signals.ts";
export * from "./version.ts";
