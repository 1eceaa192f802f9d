// Everything that the hosts, the plugin and the pages share.

export * from "./charts/chart-description.ts";
export * from "./charts/chart-log.ts";
export * from "./common.ts";
export * from "./definition.ts";
export * from "./devices/devices.ts";
export * from "./devices/screen.ts";
export * from "./end-reasons.ts";
export * from "./errors.ts";
export * from "./former-names.ts";
export * from "./methods/call-phases.ts";
export * from "./methods/calls.ts";
export * from "./methods/contacts.ts";
export * from "./methods/debug.ts";
export * from "./methods/devices.ts";
export * from "./methods/frames.ts";
export * from "./methods/lifecycle.ts";
export * from "./methods/missed-calls.ts";
export * from "./methods/preview.ts";
export * from "./registry.ts";
export * from "./settings/host-settings.ts";
export * from "./settings/manifest.ts";
export * from "./settings/settings.ts";
export * from "./signals.ts";
export * from "./validation/issues.ts";
export * from "./validation/unknown-fields.ts";
export * from "./version.ts";
