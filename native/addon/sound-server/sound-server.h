// The connection to a sound server as JavaScript sees it.
#pragma once

#include <napi.h>

namespace callnative {

/** openSoundServer(server, cookie, listener): an object with take() and close(). `listener()` means that there are updates. */
Napi::Value openSoundServer(const Napi::CallbackInfo& info);

}  // namespace callnative
