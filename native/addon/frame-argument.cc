// See frame-argument.h.
#include "frame-argument.h"

#include <string>

#include "pixels/frame.h"
#include "pixels/rotate.h"

namespace callnative {

FrameArgument frameArgument(const Napi::CallbackInfo& info, std::size_t index) {
  const Napi::Env env = info.Env();
  if (!info[index].IsTypedArray()) throw Napi::TypeError::New(env, "data: expected a Uint8Array of I420");
  const auto bytes = info[index].As<Napi::TypedArray>();
  const int width = info[index + 1].ToNumber().Int32Value();
  const int height = info[index + 2].ToNumber().Int32Value();
  const std::size_t expected = width > 0 && height > 0 ? i420Size(width, height) : 0;
  if (expected == 0 || bytes.ByteLength() != expected) {
    throw Napi::RangeError::New(env, "data: " + std::to_string(bytes.ByteLength()) + " bytes, expected " +
                                         std::to_string(expected) + " for I420 of " + std::to_string(width) + "x" +
                                         std::to_string(height));
  }
  const auto* base = static_cast<const std::uint8_t*>(bytes.ArrayBuffer().Data());
  return {base + bytes.ByteOffset(), width, height};
}

int rotationArgument(const Napi::CallbackInfo& info, std::size_t index) {
  const int degrees = info[index].ToNumber().Int32Value();
  if (isRotation(degrees)) return degrees;
  throw Napi::RangeError::New(info.Env(), "rotation: " + std::to_string(degrees) + ", expected 0, 90, 180 or 270");
}

Napi::ArrayBuffer shareBuffer(Napi::Env env, const std::shared_ptr<std::vector<std::uint8_t>>& bytes) {
  auto* holder = new std::shared_ptr<std::vector<std::uint8_t>>(bytes);
  return Napi::ArrayBuffer::New(
      env, bytes->data(), bytes->size(),
      [](Napi::Env, void*, std::shared_ptr<std::vector<std::uint8_t>>* held) { delete held; }, holder);
}

}  // namespace callnative
