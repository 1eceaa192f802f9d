// Tells a crash of Node that the emulated processor causes from a crash of the code under test, by what the guest's kernel logged.

/** How a guest's command ended. */
export interface GuestEnd {
  /** 128 and the signal's number for a command that a signal ended. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The kernel's line for each program of the guest that crashed, without its time. */
  readonly crashes: readonly string[];
}

/** SIGSEGV, and SIGILL and SIGTRAP, with which V8 ends when it finds its own data damaged. */
const CRASHED: readonly number[] = [139, 132, 133];
/** What V8 and Node then print, up to the end. */
const V8_REPORT = /^#\n# Fatal error in [\s\S]*/m;
/** Linux, arch/x86/mm/fault.c and arch/x86/kernel/traps.c. A place outside every file has no "in". Newer kernels add an offset. */
const ADDRESSES = / segfault at ([0-9a-f]+) ip ([0-9a-f]+) /;
const FILE = / in ([^\s[]+)\[(?:[0-9a-f]+,)?[0-9a-f]+\+[0-9a-f]+\]/;

/**
 * @returns whether the command crashed in Node itself or in code that V8 compiled, before the script printed anything. A crash in an
 * add-on or a library, and a jump to an address that holds no code, may be the fault of the code under test.
 */
export function isCrashOfEmulation({ status, stdout, stderr, crashes }: GuestEnd): boolean {
  const printed = stdout + stderr.replace(V8_REPORT, "");
  return CRASHED.includes(status) && printed.trim() === "" && crashes.length > 0 && crashes.every(isInNode);
}

function isInNode(crash: string): boolean {
  const file = FILE.exec(crash)?.[1];
  if (file !== undefined) return file === "node";
  const [, address, instruction] = ADDRESSES.exec(crash) ?? [];
  return address === undefined || Number.parseInt(address, 16) !== Number.parseInt(instruction ?? "", 16);
}
