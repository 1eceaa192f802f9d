// Owns one file descriptor and closes it on every path.
#pragma once

#include <unistd.h>

#include <utility>

namespace callnative {

/** Movable, not copyable. A negative number means none. */
class UniqueFd {
 public:
  explicit UniqueFd(int fd = -1) noexcept : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() {
    if (fd_ >= 0) ::close(fd_);
  }

  /** Keeps ownership: the caller must not close it. */
  int get() const noexcept { return fd_; }
  /** Passes ownership to the caller. */
  int release() noexcept { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

}  // namespace callnative
