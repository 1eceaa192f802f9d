// Resident memory of a process and its descendants, from /proc (proc(5), smaps).

import { readFileSync } from "node:fs";
import { descendants } from "../../support/process/process-figures.ts";

export interface TreeMemory {
  /** PSS: shared pages are divided among all processes that map them, also outside the tree. */
  readonly pssMb: number;
  /** RSS: a page that the tree shares counts once for each process. */
  readonly rssMb: number;
  /** The tree's memory if it ran alone: file pages that several of its processes map count once. */
  readonly aloneMb: number;
}

const KB_PER_MB = 1000 / 1.024;

export function memoryOfTree(pid: number): TreeMemory {
  const each = [pid, ...descendants(pid)].map((one) => readFileSync(`/proc/${one}/smaps`, "utf8"));
  const mappings = each.flatMap(readMappings);
  const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0) / KB_PER_MB;
  const shared = new Map<string, number>();
  for (const text of each) {
    for (const [file, kb] of sharedByFile(text)) shared.set(file, Math.max(shared.get(file) ?? 0, kb));
  }
  return {
    pssMb: sum(mappings.map(({ pssKb }) => pssKb)),
    rssMb: sum(mappings.map(({ rssKb }) => rssKb)),
    aloneMb: sum(mappings.map(({ privateKb }) => privateKb)) + sum([...shared.values()]),
  };
}

interface Mapping {
  readonly file: string;
  readonly rssKb: number;
  readonly pssKb: number;
  readonly privateKb: number;
}

function sharedByFile(smaps: string): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { file, rssKb, privateKb } of readMappings(smaps)) {
    sums.set(file, (sums.get(file) ?? 0) + rssKb - privateKb);
  }
  return sums;
}

export function readMappings(smaps: string): Mapping[] {
  return smaps.split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m).map((block) => {
    const field = (name: string): number =>
      Number(new RegExp(`^${name}: +(\\d+) kB`, "m").exec(block)?.[1] ?? 0);
    return {
      file: /^\S+ \S+ \S+ \S+ \S+ *(.*)$/m.exec(block)?.[1] ?? "",
      rssKb: field("Rss"),
      pssKb: field("Pss"),
      privateKb: field("Private_Clean") + field("Private_Dirty"),
    };
  });
}
