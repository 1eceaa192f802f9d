// The voice processor as a JavaScript object.
#pragma once

#include <napi.h>

namespace callnative {

/** (echo, noise, gain: booleans) → { configure(echo, noise, gain), playing(Int16Array), captured(Int16Array), figures() };
 *  blocks are 480 samples and `captured` replaces them. */
Napi::Value createVoiceProcessor(const Napi::CallbackInfo& info);

}  // namespace callnative
