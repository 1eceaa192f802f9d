// Handlers for every method. A test supplies only those that it uses.

import type { Handlers, HostNotificationHandlers } from "../../../plugin/rpc/dispatcher.ts";
import { methods, RpcError } from "../../../rpc-schema/index.ts";

/** Methods that the test did not supply refuse with wrongCallState. */
export function handlersWith(some: Partial<Handlers>): Handlers {
  const refuse = () => {
    throw new RpcError("wrongCallState", "not used by this test");
  };
  const refusing = Object.fromEntries(Object.keys(methods).map((name) => [name, refuse]));
  return { ...(refusing as unknown as Handlers), ...some };
}

export function notificationsWith(some: Partial<HostNotificationHandlers>): HostNotificationHandlers {
  const ignore = () => undefined;
  return { initialized: ignore, exit: ignore, "frames.ack": ignore, "contacts.set": ignore, ...some };
}
