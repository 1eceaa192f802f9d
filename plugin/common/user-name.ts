// The name of the user who runs this process.

import { userInfo } from "node:os";

/**
 * @param read throws where /etc/passwd has no entry for the user, as in many containers, see getpwuid_r(3)
 * @returns the number of a user without a name
 */
export function userName(read: () => { username: string } = userInfo): string {
  try {
    return read().username;
  } catch {
    return String(process.getuid?.() ?? "unknown");
  }
}
