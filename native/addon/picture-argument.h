// A picture that JavaScript hands in: checked once, and kept alive while a worker reads it.
#pragma once

#include <napi.h>

#include <cstdint>
#include <memory>
#include <vector>

namespace callnative {

/** Borrowed: `data` is valid while the JavaScript array lives, so an asynchronous reader keeps a reference to it. */
struct PictureArgument {
  const std::uint8_t* data;
  int width;
  int height;
};

/** Arguments `index` to `index + 2`: bytes, width, height. Throws RangeError when the bytes are not that I420 picture. */
PictureArgument pictureArgument(const Napi::CallbackInfo& info, std::size_t index);

/** Memory that native code owns, as an ArrayBuffer; it lives as long as either side holds it. */
Napi::ArrayBuffer shareBuffer(Napi::Env env, const std::shared_ptr<std::vector<std::uint8_t>>& bytes);

}  // namespace callnative
