// A failure names the system call.
#include "system/loopback-listener.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "system/system-error.h"
#include "system/unique-fd.h"

namespace callnative {

namespace {

constexpr const char* kWhere = "127.0.0.1";

}  // namespace

int openResettingListener() {
  UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (listener.get() < 0) throwErrno("socket", kWhere);
  const linger atOnce{.l_onoff = 1, .l_linger = 0};
  if (::setsockopt(listener.get(), SOL_SOCKET, SO_LINGER, &atOnce, sizeof atOnce) != 0) {
    throwErrno("setsockopt SO_LINGER", kWhere);
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throwErrno("bind", kWhere);
  }
  return listener.release();
}

}  // namespace callnative
