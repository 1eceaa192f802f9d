// Two protections of the process that Node offers no way to: stdout for the protocol alone, and death with the parent.
#pragma once

namespace callnative {

/** Duplicates fd 1 close-on-exec, points fd 1 at fd 2, and returns the duplicate. fcntl(2), dup2(2). */
int protectStdout();

/** SIGKILL for this process when its parent's thread that started it ends. prctl(2), PR_SET_PDEATHSIG. */
void dieWithParent();

}  // namespace callnative
