// Runs inside the kernel machine, its arguments the names of faults: during one call the caller's camera gets each of
// them in turn. Prints what both hosts were told, whether pictures came again, and what was held before and after, as
// one line of JSON. What is right is for the test that starts it to say.

import { connectCall, type PluginProcess, startPair } from "../../support/plugin-process.ts";
import { FAULTS, type Fault, isFault, plugVivid, stopDropping, unplugVivid } from "./device-faults.ts";
import { emulated, holdingsOf, VIVID_ID } from "./emulated-plugin.ts";

const PICTURES = 5;
/** The longest that a device may be silent before it is given up (5 s), and what emulation makes of the rest. */
const RETURN_LIMIT_MS = 60_000;

export type CallFaultReport = Awaited<ReturnType<typeof report>>;

async function report(faults: readonly Fault[]) {
  const { alice, bob, stop } = await startPair(emulated(VIVID_ID), emulated("test-pattern"));
  try {
    const callId = await connectCall(alice, bob);
    const told = { alice: toldTo(alice), bob: toldTo(bob) };
    const remote = await watchRemote(bob, callId);
    await remote.pictures(PICTURES);
    const outcomes = [];
    for (const fault of faults) {
      step(fault);
      outcomes.push({
        fault,
        ...(await withFault(fault, alice, remote)),
        aliceTold: told.alice(),
        bobTold: told.bob(),
      });
    }
    await alice.host.request("call.hangup", { callId });
    await Promise.all([alice.next("call.ended"), bob.next("call.ended")]);
    return { outcomes, statuses: [await alice.stop(), await bob.stop()] };
  } finally {
    await stop();
  }
}

/** Tells, when the machine's limit is reached, how far it came. */
function step(name: string): void {
  process.stderr.write(`${Math.round(performance.now())} ms: ${name}\n`);
}

type Remote = Awaited<ReturnType<typeof watchRemote>>;

async function withFault(fault: Fault, alice: PluginProcess, remote: Remote) {
  const before = holdingsOf(alice);
  FAULTS[fault]();
  if (fault === "disconnect") {
    unplugVivid();
    plugVivid();
  }
  const isBack = await remote.pictures(PICTURES).then(
    () => true,
    () => false,
  );
  if (fault === "droppedBuffers") stopDropping();
  return { isBack, before, after: holdingsOf(alice) };
}

/** What a host was told of its call since the last look. */
function toldTo({ host }: PluginProcess) {
  const changes: unknown[] = [];
  host.onNotification("call.changed", ({ local, remote }) => changes.push({ local, remote }));
  return () => changes.splice(0);
}

/** Acknowledges the remote pictures as a host would; `pictures` waits for that many more. */
async function watchRemote({ host }: PluginProcess, callId: string) {
  let count = 0;
  let arrived = Promise.withResolvers<void>();
  host.onFrameLine((line) => {
    const { params } = JSON.parse(line.toString("utf8")) as { params: { stream: string; seq: number } };
    host.notify("frames.ack", { stream: params.stream, seq: params.seq });
    count += 1;
    arrived.resolve();
    arrived = Promise.withResolvers();
  });
  await host.request("frames.subscribe", { callId, source: "remote" });
  const pictures = async (more: number) => {
    const wanted = count + more;
    const late = AbortSignal.timeout(RETURN_LIMIT_MS);
    const { promise: tooLate, reject } = Promise.withResolvers<never>();
    late.addEventListener("abort", () => reject(late.reason), { once: true });
    tooLate.catch(() => undefined);
    while (count < wanted) await Promise.race([arrived.promise, tooLate]);
  };
  return { pictures };
}

const faults = process.argv.slice(2);
if (!faults.every(isFault))
  throw new RangeError(`faults: ${faults}, expected some of ${Object.keys(FAULTS)}`);
process.stdout.write(`${JSON.stringify(await report(faults))}\n`);
process.exit(0);
