// What a process of a sound device needs: the formats of a device, and a converter between sample rates.
#pragma once

#include <napi.h>

namespace callnative {

/** (name: string, isCapture: boolean) → [{ sampleRate, minChannels, maxChannels }]. Throws when the device does not open. */
Napi::Value alsaFormatsFor(const Napi::CallbackInfo& info);

/** (fromRate, toRate) → { delayMs, process(input: Int16Array, output: Int16Array) → the number of samples written }. */
Napi::Value createResampler(const Napi::CallbackInfo& info);

}  // namespace callnative
