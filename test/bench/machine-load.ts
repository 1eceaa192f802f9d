// How busy the machine is, since other load changes what the bench measures.

import { cpus, loadavg } from "node:os";

/** The averages of one, five and fifteen minutes. */
export function load(): string {
  return loadavg()
    .map((value) => value.toFixed(1))
    .join(" ");
}

/** Milliseconds of all processors since the start of the machine. */
export function processorTimes(): { busy: number; all: number } {
  const times = cpus().map(({ times }) => times);
  const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);
  const all = sum(times.flatMap((one) => Object.values(one)));
  return { all, busy: all - sum(times.map(({ idle }) => idle)) };
}
