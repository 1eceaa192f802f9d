#include "system/thread-priority.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "system/system-error.h"

namespace callnative {

namespace {

constexpr std::size_t kDirectoryBytes = 4096;
/** struct linux_dirent64 of getdents64(2), which libc does not declare: d_ino, d_off, d_reclen, d_type, d_name. */
constexpr std::size_t kLengthAt = 16;
constexpr std::size_t kNameAt = 19;

/** struct sched_attr of sched_setattr(2) in its first version, which libc does not declare. */
struct SchedulingAttributes {
  std::uint32_t size = 48;
  std::uint32_t policy = 0;
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t runtime = 0;
  std::uint64_t deadline = 0;
  std::uint64_t period = 0;
};
static_assert(sizeof(SchedulingAttributes) == 48);
constexpr std::uint64_t kResetOnFork = 1;
/** Since Linux 6.12 a thread that asks for less time at once waits less for its turn. Older kernels ignore it. */
constexpr std::uint64_t kSliceNs = 500'000;

std::string threadText(int tid) { return "thread " + std::to_string(tid); }

int parseTid(const char* digits) {
  int tid = 0;
  for (; *digits >= '0' && *digits <= '9'; ++digits) tid = 10 * tid + (*digits - '0');
  return tid;
}

/** Only system calls: opendir(3) would allocate memory, which a signal handler must not. */
void dropRealTime(int) {
  const int code = errno;
  static constexpr char kText[] = "a thread ran for too long without a pause, so real time is given up\n";
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, kText, sizeof(kText) - 1);
  const int folder = ::open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  alignas(std::uint64_t) char entries[kDirectoryBytes];
  long bytes = 0;
  while (folder >= 0 && (bytes = ::syscall(SYS_getdents64, folder, entries, sizeof(entries))) > 0) {
    for (long at = 0; at < bytes;) {
      const char* entry = entries + at;
      const sched_param none{};
      const int tid = parseTid(entry + kNameAt);
      // Resetting the flag takes a privilege, so it stays.
      if (tid > 0) ::sched_setscheduler(tid, SCHED_OTHER | SCHED_RESET_ON_FORK, &none);
      at += *reinterpret_cast<const std::uint16_t*>(entry + kLengthAt);
    }
  }
  if (folder >= 0) ::close(folder);
  errno = code;
}

rlimit limitOf(__rlimit_resource_t resource, const char* name) {
  rlimit limit{};
  if (::getrlimit(resource, &limit) != 0) throwErrno("getrlimit", name);
  return limit;
}

void setLimit(__rlimit_resource_t resource, const char* name, const rlimit& limit) {
  if (::setrlimit(resource, &limit) != 0) throwErrno("setrlimit", name);
}

}  // namespace

void guardRealTime(long soft_us, long hard_us) {
  struct sigaction action{};
  action.sa_handler = dropRealTime;
  action.sa_flags = SA_RESTART;
  if (::sigaction(SIGXCPU, &action, nullptr) != 0) throwErrno("sigaction", "SIGXCPU");
  rlimit time = limitOf(RLIMIT_RTTIME, "RLIMIT_RTTIME");
  const auto soft = static_cast<rlim_t>(soft_us);
  const auto hard = static_cast<rlim_t>(hard_us);
  // A session may have a lower one already, which cannot be raised.
  if (time.rlim_max > hard) time.rlim_max = hard;
  time.rlim_cur = soft < time.rlim_max / 2 ? soft : time.rlim_max / 2;
  setLimit(RLIMIT_RTTIME, "RLIMIT_RTTIME", time);
  rlimit priority = limitOf(RLIMIT_RTPRIO, "RLIMIT_RTPRIO");
  priority.rlim_cur = priority.rlim_max;
  setLimit(RLIMIT_RTPRIO, "RLIMIT_RTPRIO", priority);
}

void withholdRealTime() {
  rlimit priority = limitOf(RLIMIT_RTPRIO, "RLIMIT_RTPRIO");
  priority.rlim_cur = 0;
  setLimit(RLIMIT_RTPRIO, "RLIMIT_RTPRIO", priority);
}

void setRealTime(int tid, int priority) {
  const sched_param param{.sched_priority = priority};
  if (::sched_setscheduler(tid, SCHED_RR | SCHED_RESET_ON_FORK, &param) != 0) {
    throwErrno("sched_setscheduler SCHED_RR", threadText(tid));
  }
}

void setNiceness(int tid, int nice) {
  SchedulingAttributes attributes;
  attributes.policy = SCHED_OTHER;
  attributes.flags = kResetOnFork;
  attributes.nice = nice;
  attributes.runtime = kSliceNs;
  if (::syscall(SYS_sched_setattr, tid, &attributes, 0) != 0) throwErrno("sched_setattr SCHED_OTHER", threadText(tid));
}

}  // namespace callnative
