// Runs on the calling thread: a block takes a fraction of a millisecond, and the sound process does nothing else.
#include "voice.h"

#include <memory>

#include "voice/voice-processing.h"

namespace callnative {

namespace {

VoiceSettings settingsOf(const Napi::CallbackInfo& info) {
  return {info[0].ToBoolean(), info[1].ToBoolean(), info[2].ToBoolean()};
}

/** The façade has checked the length. */
std::int16_t* blockOf(const Napi::CallbackInfo& info) { return info[0].As<Napi::Int16Array>().Data(); }

/** Turns the library's std::exceptions into JavaScript errors. */
template <typename Work>
void throwingToJs(Napi::Env env, Work work) {
  try {
    work();
  } catch (const std::exception& error) {
    throw Napi::Error::New(env, error.what());
  }
}

Napi::Value figuresOf(Napi::Env env, const VoiceFigures& figures) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("echoDelayMs", figures.echoDelayMs);
  object.Set("echoReductionDb", figures.echoReductionDb);
  object.Set("missingBlocks", figures.missingBlocks);
  object.Set("droppedBlocks", figures.droppedBlocks);
  return object;
}

}  // namespace

Napi::Value createVoiceProcessor(const Napi::CallbackInfo& info) {
  std::shared_ptr<VoiceProcessor> voice;
  throwingToJs(info.Env(), [&] { voice = std::make_shared<VoiceProcessor>(settingsOf(info)); });
  const auto method = [&](const char* name, auto body) { return Napi::Function::New(info.Env(), body, name); };
  Napi::Object object = Napi::Object::New(info.Env());
  object.Set("configure", method("configure", [voice](const Napi::CallbackInfo& call) {
               throwingToJs(call.Env(), [&] { voice->configure(settingsOf(call)); });
             }));
  object.Set("playing", method("playing", [voice](const Napi::CallbackInfo& call) { voice->playing(blockOf(call)); }));
  object.Set("captured", method("captured", [voice](const Napi::CallbackInfo& call) {
               throwingToJs(call.Env(), [&] { voice->captured(blockOf(call)); });
             }));
  object.Set("figures", method("figures", [voice](const Napi::CallbackInfo& call) {
               return figuresOf(call.Env(), voice->figures());
             }));
  return object;
}

}  // namespace callnative
