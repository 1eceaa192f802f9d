// A native part whose functions all throw. Tests override the functions that they use.

import { unavailableNative } from "../../../plugin/app/unavailable-native.ts";

export const refusingNative = unavailableNative("not used by this test");
