// Cameras, microphones and speakers of this machine.

import { method, noParams, notification, servingErrors } from "../definition.ts";
import { deviceListSchema } from "../devices/devices.ts";

export const deviceMethods = {
  "devices.list": method(
    "Lists the cameras, microphones and speakers of this machine, without opening any of them",
    noParams,
    deviceListSchema,
    [...servingErrors],
  ),
};

export const deviceNotifications = {
  "devices.changed": notification(
    "A device was plugged in or out. Carries the whole list, as devices.list returns it",
    deviceListSchema,
  ),
};
