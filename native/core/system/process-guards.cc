// A failure names the system call.
#include "system/process-guards.h"

#include <fcntl.h>
#include <malloc.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <string>

#include "system/system-error.h"

namespace callnative {

namespace {

constexpr int kFirstFreeFd = 3;
/** linux/close_range.h, which older systems lack. */
constexpr unsigned kCloseRangeCloexec = 1U << 2;

}  // namespace

int protectStdout() {
  const int duplicate = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, kFirstFreeFd);
  if (duplicate < 0) throwErrno("fcntl F_DUPFD_CLOEXEC", "stdout");
  while (::dup2(STDERR_FILENO, STDOUT_FILENO) < 0) {
    if (errno == EINTR) continue;
    const int code = errno;
    ::close(duplicate);
    throw SystemError("dup2", code, "stdout");
  }
  return duplicate;
}

void closeOnExec() {
  if (::syscall(SYS_close_range, kFirstFreeFd, ~0U, kCloseRangeCloexec) != 0) closeOnExecOneByOne();
}

void closeOnExecOneByOne() {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", error)) {
    const int fd = std::stoi(entry.path().filename());
    if (fd < kFirstFreeFd) continue;
    // It may have been closed since.
    if (const int flags = ::fcntl(fd, F_GETFD); flags >= 0) ::fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
  }
}

void dieWithParent() {
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) throwErrno("prctl PR_SET_PDEATHSIG", "this process");
}

void limitMallocArenas(int arenas) {
  if (::mallopt(M_ARENA_MAX, arenas) != 1) throwErrno("mallopt M_ARENA_MAX", "this process");
}

void releaseFreeMemory() {
  // It reports whether there was anything to give back, which is no failure.
  ::malloc_trim(0);
}

}  // namespace callnative
