// A failed system call: its name, its errno and its object. The façade words it for users.
#pragma once

#include <stdexcept>
#include <string>

namespace callnative {

/** what() is complete for a log: operation, path, errno's name and its description. */
class SystemError : public std::runtime_error {
 public:
  /** `code` is an errno, or 0 when no system call failed; then `what` is the whole message. */
  SystemError(std::string operation, int code, std::string path, const std::string& what = "");

  /** Name of the call, such as VIDIOC_STREAMON, with its command where the call has many meanings. */
  const std::string& operation() const noexcept { return operation_; }
  /** The object of the call: a device node, or a description where there is none. */
  const std::string& path() const noexcept { return path_; }
  /** errno(3); 0 where no system call failed. */
  int code() const noexcept { return code_; }
  /** Such as "EBUSY"; empty for code 0. */
  std::string errnoName() const;

 private:
  std::string operation_;
  int code_;
  std::string path_;
};

/** Throws a SystemError for the current errno. */
[[noreturn]] void throwErrno(const char* operation, const std::string& path);

}  // namespace callnative
