// Process settings that Node cannot change: a protected stdout, descriptors that programs do not inherit, death with the parent, and
// fewer malloc arenas.
#pragma once

namespace callnative {

/** Duplicates fd 1 close-on-exec, points fd 1 at fd 2, and returns the duplicate. fcntl(2), dup2(2). */
int protectStdout();

/**
 * Marks every descriptor but 0 to 2 close-on-exec: close_range(2). Libraries open theirs without
 * the mark, libwebrtc its sockets, and every program that is started would keep them open.
 */
void closeOnExec();

/** The same as before Linux 5.11: each descriptor in /proc/self/fd by itself. */
void closeOnExecOneByOne();

/** Asks for SIGKILL when the parent's thread that started this process ends. prctl(2), PR_SET_PDEATHSIG. */
void dieWithParent();

/** Limits malloc's arenas. Call it before threads start: it applies to arenas made later. mallopt(3), M_ARENA_MAX. */
void limitMallocArenas(int arenas);

/** Gives whole pages that malloc keeps free back to the system, in all arenas. Takes a few ms. malloc_trim(3). */
void releaseFreeMemory();

}  // namespace callnative
