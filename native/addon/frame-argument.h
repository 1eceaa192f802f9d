// A frame passed in by JavaScript: checked once, and kept alive while a worker reads it.
#pragma once

#include <napi.h>

#include <cstdint>
#include <memory>
#include <vector>

namespace callnative {

/** Borrowed: `data` is valid while the JavaScript array lives. An asynchronous reader keeps a reference to the array. */
struct FrameArgument {
  const std::uint8_t* data;
  int width;
  int height;
};

/** Argument `index`: clockwise degrees. Throws RangeError unless they are 0, 90, 180 or 270. */
int rotationArgument(const Napi::CallbackInfo& info, std::size_t index);

/** Arguments `index` to `index + 2`: bytes, width, height. Throws RangeError when the bytes are not that I420 frame. */
FrameArgument frameArgument(const Napi::CallbackInfo& info, std::size_t index);

/** Native memory as an ArrayBuffer. It lives as long as either side holds it. */
Napi::ArrayBuffer shareBuffer(Napi::Env env, const std::shared_ptr<std::vector<std::uint8_t>>& bytes);

}  // namespace callnative
