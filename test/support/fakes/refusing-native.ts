// A native part that refuses everything, for tests that supply the few functions which matter to them.

import { unavailableNative } from "../../../plugin/app/unavailable-native.ts";

export const refusingNative = unavailableNative("not a matter of this test");
