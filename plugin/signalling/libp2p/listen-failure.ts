// Explains in one line why the node does not listen. libp2p joins all addresses with their stacks, and with advice for its own
// configuration, into one text.

import { errorText } from "../../common/error-text.ts";

/** One address in libp2p's text: the multiaddr, the name of an error, and its message. */
const FAILED_ADDRESS = /^[ \t]*(\/\S+): (?:\w*Error: )?(.+)$/gm;

/** What the setting can do about it, by Node's code or libp2p's words. */
const MEANINGS: readonly (readonly [RegExp, string])[] = [
  [/EADDRNOTAVAIL/, "this machine does not have the address (EADDRNOTAVAIL)"],
  [/EADDRINUSE/, "another program uses the port (EADDRINUSE)"],
  [/EACCES/, "this user may not use the port (EACCES)"],
  [/^No transport was configured/, "the node supports TCP only, as in /ip4/0.0.0.0/tcp/0"],
];

/**
 * @param listen the setting, for a failure whose text names no address
 * @returns one line, such as "/ip4/127.0.0.1/tcp/4001: another program uses the port (EADDRINUSE)"
 */
export function listenFailureText(error: unknown, listen: readonly string[]): string {
  const text = errorText(error);
  const failed = [...text.matchAll(FAILED_ADDRESS)].map(([, address = "", reason = ""]) => {
    const meaning = MEANINGS.find(([sign]) => sign.test(reason))?.[1];
    return `${address}: ${meaning ?? reason}`;
  });
  return failed.length > 0 ? failed.join("; ") : `${listen.join(" ")}: ${text.split("\n", 1)[0]}`;
}
