// What libwebrtc-audio-processing does for the voice. Its versions 0.3 and 1.x differ in their interfaces, so each has a
// file of its own. native/find-libraries.sh finds the version, and the other file is empty to the compiler.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace callnative {

struct VoiceSettings {
  bool echoCancellation;
  bool noiseSuppression;
  bool automaticGain;
};

/** 10 ms at 48 kHz. */
constexpr std::size_t kBlockSamples = 480;

class VoiceLibrary {
 public:
  virtual ~VoiceLibrary() = default;

  /** Takes effect with the next block. */
  virtual void configure(const VoiceSettings& settings) = 0;

  /** True if `process` removes echo. It then takes the residual echo that the echo filter leaves. */
  virtual bool cancelsEcho() const = 0;

  /** Replaces 480 captured samples by the processed ones. `far` is the played block that pairs with them, 480 samples with a
   *  full scale of 1, or null while echo cancellation is off. @throws std::runtime_error with the library's status */
  virtual void process(const float* far, std::int16_t* block) = 0;
};

/** @throws std::runtime_error when the library cannot be set up */
std::unique_ptr<VoiceLibrary> openVoiceLibrary();

/** The version that the add-on was built with, such as "1.3". */
std::string voiceLibraryVersion();

/** @throws std::runtime_error that names `what` and the library's status, if that is not 0 */
void checkVoiceStatus(int status, const char* what);

}  // namespace callnative
