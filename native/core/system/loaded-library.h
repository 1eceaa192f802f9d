// A library of the system that is loaded at run time, because many machines lack it or few processes need it.
#pragma once

#include <dlfcn.h>

#include <string>

namespace callnative {

/** It is never unloaded, since libraries register handlers for the end of threads. */
class LoadedLibrary {
 public:
  /** @param file such as libpulse.so.0 */
  explicit LoadedLibrary(const char* file) : file_(file), handle_(dlopen(file, RTLD_NOW | RTLD_LOCAL)) {
    if (handle_ == nullptr) problem_ = lastProblem();
  }

  /** Null without the library or the function; `problem` says which. */
  template <typename Function>
  Function find(const char* name) {
    if (handle_ == nullptr) return nullptr;
    const auto found = reinterpret_cast<Function>(dlsym(handle_, name));
    if (found == nullptr) problem_ = lastProblem();
    return found;
  }

  /** Empty while everything was found. */
  const std::string& problem() const { return problem_; }

 private:
  std::string lastProblem() const {
    const char* text = dlerror();
    return text == nullptr ? file_ + " cannot be loaded" : text;
  }

  std::string file_;
  void* handle_;
  std::string problem_;
};

}  // namespace callnative
