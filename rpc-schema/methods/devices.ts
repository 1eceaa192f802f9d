// What can be captured from and played to.

import { deviceListSchema } from "../common.ts";
import { method, noParams, notification, servingErrors } from "../definition.ts";

export const deviceMethods = {
  "devices.list": method(
    "Cameras, microphones and speakers of this machine, without opening any of them",
    noParams,
    deviceListSchema,
    [...servingErrors],
  ),
};

export const deviceNotifications = {
  "devices.changed": notification(
    "A device came or went; the whole list, as devices.list gives it",
    deviceListSchema,
  ),
};
