// Runs one attack as a process of its own: `node attacker-child.ts JSON`. Prints its counts as a JSON line four times a second.

import { type AttackName, type AttackOptions, attack } from "./attacks.ts";
import { RawPeers } from "./raw-peers.ts";

type Job = AttackOptions & {
  readonly attack: AttackName;
  readonly target: string;
  readonly addresses: number;
};
const job: Job = JSON.parse(process.argv[2] ?? "{}");
const peers = await RawPeers.start(job);
const counts = attack(job.attack, peers, job);
setInterval(() => process.stdout.write(`${JSON.stringify(counts)}\n`), 250);
