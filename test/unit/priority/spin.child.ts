// Takes real time for its main thread, then spins. Prints the policy before and after, as in /proc/PID/stat.

import { readFileSync } from "node:fs";
import { loadNative } from "../../../native/index.ts";

/** Longer than the soft limit of processor time. */
const SPIN_US = 300_000;
const POLICY_AT = 38;

const policy = () => readFileSync("/proc/self/stat", "utf8").split(") ")[1]?.split(" ")[POLICY_AT];
const native = loadNative();
native.guardRealTime(100_000, 1_000_000);
native.setRealTime(process.pid, 1);
const before = policy();
const start = process.cpuUsage().user;
while (process.cpuUsage().user - start < SPIN_US) policy();
console.log(before, policy());
