// Names errno values and composes the technical text of a failure.
#include "system/system-error.h"

#include <cerrno>
#include <cstring>

namespace callnative {

namespace {

std::string nameOf(int code) {
  if (code == 0) return "";
  const char* name = strerrorname_np(code);
  return name != nullptr ? name : "errno " + std::to_string(code);
}

std::string describe(const std::string& operation, int code, const std::string& path, const std::string& what) {
  if (!what.empty()) return what;
  return operation + " on " + path + ": " + nameOf(code) + " (" + std::strerror(code) + ")";
}

}  // namespace

SystemError::SystemError(std::string operation, int code, std::string path, const std::string& what)
    : std::runtime_error(describe(operation, code, path, what)),
      operation_(std::move(operation)),
      code_(code),
      path_(std::move(path)) {}

std::string SystemError::errnoName() const { return nameOf(code_); }

void throwErrno(const char* operation, const std::string& path) { throw SystemError(operation, errno, path); }

}  // namespace callnative
