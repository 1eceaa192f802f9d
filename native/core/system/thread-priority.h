// Priorities of threads, also of another process of the same user: real time and niceness, and a guard against a real-time thread
// that never pauses. Failures are SystemErrors; EPERM where the user's limits allow no such priority (getrlimit(2)).
#pragma once

namespace callnative {

/**
 * Allows this process what its hard RLIMIT_RTPRIO allows, and sets RLIMIT_RTTIME: after `soft_us` of processor time without a pause
 * the kernel sends SIGXCPU, whose handler takes real time from every thread of this process. After `hard_us` it sends SIGKILL.
 * sched(7), setrlimit(2). rtkit asks for such a limit.
 */
void guardRealTime(long soft_us, long hard_us);

/**
 * Sets the soft RLIMIT_RTPRIO to 0, so that no library of this process takes real time by itself. libwebrtc would give its
 * picture threads more of it than its sound threads have, without asking. guardRealTime() in a child undoes it there.
 */
void withholdRealTime();

/** SCHED_RR with SCHED_RESET_ON_FORK, sched_setscheduler(2). `priority` is 1 to 99. `tid` is a thread's id, gettid(2). */
void setRealTime(int tid, int priority);

/**
 * SCHED_OTHER with SCHED_RESET_ON_FORK and this niceness: sched_setattr(2). Threads and programs that it starts do not inherit a
 * raised one. The thread also asks for half a millisecond at once, which needs no right and shortens its wait for a turn.
 */
void setNiceness(int tid, int nice);

}  // namespace callnative
