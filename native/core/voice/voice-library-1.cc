// See voice-library-1.h.
#include "voice/voice-library-1.h"

#if VOICE_LIBRARY_API >= 1
#include <stdexcept>

#include "voice/webrtc-audio.h"

namespace callnative {

namespace {

using Processing = webrtc::AudioProcessing;

/** What stays the same at all settings. */
Processing::Config baseConfig() {
  Processing::Config config;
#if VOICE_LIBRARY_API == 1
  // It only measures.
  config.residual_echo_detector.enabled = false;
#endif
  config.noise_suppression.level = Processing::Config::NoiseSuppression::kVeryHigh;
  // The gain controller of 0.3 is there, too, but leaves a voice of -40 dB at -33 dB. This one brings voices of -40 to -26 dB
  // to -20 dB.
  config.gain_controller2.adaptive_digital.enabled = true;
  return config;
}

class Library1 : public VoiceLibrary {
 public:
  Library1() : apm_(webrtc::AudioProcessingBuilder().Create()) {
    if (apm_ == nullptr) throw std::runtime_error("libwebrtc-audio-processing cannot be set up");
    webrtc::ProcessingConfig mono;
    for (webrtc::StreamConfig& stream : mono.streams) stream = mono_;
    checkVoiceStatus(apm_->Initialize(mono), "Initialize");
  }

  void configure(const VoiceSettings& settings) override {
    isNeeded_ = settings.echoCancellation || settings.noiseSuppression || settings.automaticGain;
    config_.echo_canceller.enabled = settings.echoCancellation;
    config_.high_pass_filter.enabled = isNeeded_;
    config_.noise_suppression.enabled = settings.noiseSuppression;
    config_.gain_controller2.enabled = settings.automaticGain;
    apm_->ApplyConfig(config_);
  }

  bool cancelsEcho() const override { return true; }

  void process(const float* far, std::int16_t* block) override {
    if (!isNeeded_) return;
    if (far != nullptr) {
      checkVoiceStatus(apm_->AnalyzeReverseStream(&far, mono_), "AnalyzeReverseStream");
      // AEC3 finds the delay itself, but the interface asks for one.
      checkVoiceStatus(apm_->set_stream_delay_ms(0), "set_stream_delay_ms");
    }
    checkVoiceStatus(apm_->ProcessStream(block, mono_, mono_, block), "ProcessStream");
  }

 private:
  const webrtc::StreamConfig mono_{48'000, 1};
  rtc::scoped_refptr<Processing> apm_;
  Processing::Config config_ = baseConfig();
  bool isNeeded_ = false;
};

}  // namespace

std::unique_ptr<VoiceLibrary> openVoiceLibrary1() { return std::make_unique<Library1>(); }

}  // namespace callnative
#endif
