// Lets a fake daemon do what rtkit does, by the tests' own rights.

import { loadNative } from "../../../native/index.ts";
import type { FakeRequest } from "./private-system-bus.ts";

/** What rtkit allows by default. @throws Error for more */
export function carryOut({ member, tid, value }: FakeRequest): void {
  if (member === "MakeThreadRealtimeWithPID") {
    if (value > 20) throw new Error("priority over 20");
    loadNative().setRealTime(tid, value);
  } else {
    if (value < -15) throw new Error("niceness under -15");
    loadNative().setNiceness(tid, value);
  }
}
