// Runs on the calling thread: the sound process does nothing else, and a block takes some microseconds.
#include "sound-device.h"

#include <memory>

#include "sound-device/alsa-formats.h"
#include "sound-device/resampler.h"

namespace callnative {

namespace {

/** Turns the core's std::exceptions into JavaScript errors. */
template <typename Work>
auto orThrowToJs(Napi::Env env, Work work) {
  try {
    return work();
  } catch (const std::exception& error) {
    throw Napi::Error::New(env, error.what());
  }
}

Napi::Value process(const Napi::CallbackInfo& info, Resampler& resampler) {
  const auto input = info[0].As<Napi::Int16Array>();
  auto output = info[1].As<Napi::Int16Array>();
  return Napi::Number::New(info.Env(), orThrowToJs(info.Env(), [&] {
                             return static_cast<double>(resampler.process(input.Data(), input.ElementLength(),
                                                                          output.Data(), output.ElementLength()));
                           }));
}

}  // namespace

Napi::Value alsaFormatsFor(const Napi::CallbackInfo& info) {
  const std::string name = info[0].As<Napi::String>();
  const auto direction = info[1].ToBoolean() ? AlsaDirection::kCapture : AlsaDirection::kPlayback;
  const auto formats = orThrowToJs(info.Env(), [&] { return alsaFormats(name, direction); });
  Napi::Array list = Napi::Array::New(info.Env(), formats.size());
  for (std::uint32_t index = 0; index < formats.size(); index += 1) {
    Napi::Object format = Napi::Object::New(info.Env());
    format.Set("sampleRate", formats[index].sampleRate);
    format.Set("minChannels", formats[index].minChannels);
    format.Set("maxChannels", formats[index].maxChannels);
    list.Set(index, format);
  }
  return list;
}

Napi::Value createResampler(const Napi::CallbackInfo& info) {
  const std::uint32_t fromRate = info[0].As<Napi::Number>();
  const std::uint32_t toRate = info[1].As<Napi::Number>();
  const auto resampler =
      orThrowToJs(info.Env(), [&] { return std::make_shared<Resampler>(fromRate, toRate); });
  Napi::Object object = Napi::Object::New(info.Env());
  object.Set("delayMs", resampler->delayMs());
  object.Set("process", Napi::Function::New(
                            info.Env(),
                            [resampler](const Napi::CallbackInfo& call) { return process(call, *resampler); }, "process"));
  return object;
}

}  // namespace callnative
