// Starts a thread, and reports a refusal of the system like that of any other call.
#pragma once

#include <system_error>
#include <thread>
#include <utility>

#include "system/system-error.h"

namespace callnative {

/** Throws SystemError where std::thread throws std::system_error: EAGAIN when the user may start no more. pthread_create(3). */
template <typename Work>
std::thread startThread(Work work) {
  try {
    return std::thread(std::move(work));
  } catch (const std::system_error& error) {
    throw SystemError("pthread_create", error.code().value(), "this process");
  }
}

}  // namespace callnative
