// C++ failures as JavaScript errors with operation, errno and path. The façade turns them into CaptureError.
#pragma once

#include <napi.h>

#include "system/system-error.h"

namespace callnative {

/** An Error with the properties operation, errno (a name such as "EBUSY", or empty) and path. */
Napi::Error toJsError(Napi::Env env, const SystemError& error);

/** Runs `work`; a SystemError becomes a JavaScript exception with its parts. */
template <typename Work>
auto throwingToJs(Napi::Env env, Work work) {
  try {
    return work();
  } catch (const SystemError& error) {
    throw toJsError(env, error);
  }
}

}  // namespace callnative
