// Which descriptors a program inherits.
#include <fcntl.h>
#include <unistd.h>

#include <functional>

#include "check.h"
#include "system/process-guards.h"

using namespace callnative;

namespace {

bool isMarked(int fd) { return (::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0; }

void marksAllButTheStandardStreams(const std::function<void()>& mark) {
  int ends[2];
  check::equal(::pipe(ends), 0, "pipe");
  const bool wasMarked = isMarked(ends[0]) || isMarked(ends[1]);
  mark();
  const bool isNowMarked = isMarked(ends[0]) && isMarked(ends[1]);
  const bool isStandardMarked = isMarked(STDOUT_FILENO) || isMarked(STDERR_FILENO);
  ::close(ends[0]);
  ::close(ends[1]);
  check::that(!wasMarked, "marked before");
  check::that(isNowMarked, "not marked");
  check::that(!isStandardMarked, "a standard stream is marked");
}

}  // namespace

TEST("closeOnExec marks what a library opened without the mark, and not the standard streams") {
  marksAllButTheStandardStreams(closeOnExec);
}

TEST("closeOnExec marks the same where the kernel has no close_range") {
  marksAllButTheStandardStreams(closeOnExecOneByOne);
}
