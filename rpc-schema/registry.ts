// The one list of all methods and notifications. The types, the checks at both ends and the OpenRPC document come from it.

import type { z } from "zod";
import { callMethods, callNotifications } from "./methods/calls.ts";
import { chartMethods, chartNotifications } from "./methods/charts.ts";
import { contactMethods, contactNotifications } from "./methods/contacts.ts";
import { debugMethods } from "./methods/debug.ts";
import { deviceMethods, deviceNotifications } from "./methods/devices.ts";
import { frameHostNotifications, frameMethods, framePluginNotifications } from "./methods/frames.ts";
import {
  lifecycleHostNotifications,
  lifecycleMethods,
  lifecyclePluginNotifications,
} from "./methods/lifecycle.ts";
import { missedCallMethods, missedCallNotifications } from "./methods/missed-calls.ts";
import { previewMethods, previewNotifications } from "./methods/preview.ts";
import { screenMethods } from "./methods/screens.ts";
import { signalHostNotifications, signalMethods, signalPluginMethods } from "./methods/signals.ts";

/** Requests, host → plugin. */
export const methods = {
  ...lifecycleMethods,
  ...contactMethods,
  ...deviceMethods,
  ...screenMethods,
  ...callMethods,
  ...missedCallMethods,
  ...previewMethods,
  ...frameMethods,
  ...signalMethods,
  ...chartMethods,
  ...debugMethods,
};

/** Notifications, host → plugin. */
export const hostNotifications = {
  ...lifecycleHostNotifications,
  ...frameHostNotifications,
  ...signalHostNotifications,
};

/** Notifications, plugin → host. */
export const pluginNotifications = {
  ...lifecyclePluginNotifications,
  ...contactNotifications,
  ...deviceNotifications,
  ...callNotifications,
  ...missedCallNotifications,
  ...previewNotifications,
  ...framePluginNotifications,
  ...chartNotifications,
};

/** Requests, plugin → host. */
export const pluginMethods = { ...signalPluginMethods };

export type MethodName = keyof typeof methods;
/** Params as the plugin's handlers get them: checked, with defaults filled in. */
export type Params<M extends MethodName> = z.output<(typeof methods)[M]["params"]>;
/** Params as a host can write them, where fields with a default can be left out. */
export type ParamsInput<M extends MethodName> = z.input<(typeof methods)[M]["params"]>;
export type Result<M extends MethodName> = z.output<(typeof methods)[M]["result"]>;

export type PluginMethodName = keyof typeof pluginMethods;
export type PluginMethodParams<M extends PluginMethodName> = z.output<(typeof pluginMethods)[M]["params"]>;
export type PluginMethodResult<M extends PluginMethodName> = z.output<(typeof pluginMethods)[M]["result"]>;

export type HostNotificationName = keyof typeof hostNotifications;
export type HostNotificationParams<N extends HostNotificationName> = z.output<
  (typeof hostNotifications)[N]["params"]
>;

export type PluginNotificationName = keyof typeof pluginNotifications;
export type PluginNotificationParams<N extends PluginNotificationName> = z.output<
  (typeof pluginNotifications)[N]["params"]
>;
