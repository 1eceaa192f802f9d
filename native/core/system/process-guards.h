// What a process has to be asked for and Node offers no way to: stdout for the protocol alone, death with the parent,
// and an allocator that gives memory back.
#pragma once

namespace callnative {

/** Duplicates fd 1 close-on-exec, points fd 1 at fd 2, and returns the duplicate. fcntl(2), dup2(2). */
int protectStdout();

/** SIGKILL for this process when its parent's thread that started it ends. prctl(2), PR_SET_PDEATHSIG. */
void dieWithParent();

/** Bounds malloc's arenas. Call it before threads are started: it holds for arenas made later. mallopt(3), M_ARENA_MAX. */
void limitMallocArenas(int arenas);

}  // namespace callnative
