// See voice-library-0.h.
#include "voice/voice-library-0.h"

#if VOICE_LIBRARY_API == 0
#include <algorithm>
#include <stdexcept>

#include "voice/webrtc-audio.h"

namespace callnative {

namespace {

constexpr int kRate = 48'000;
/** Target level in decibels below full scale, and the largest gain. Measured: a voice of -40 dB leaves at -23 dB, one of
 *  -26 dB at -19 dB, one of -10 dB at -16 dB. */
constexpr int kTargetBelowFullScaleDb = 6;
constexpr int kMostGainDb = 24;

class Library0 : public VoiceLibrary {
 public:
  Library0() {
    webrtc::Config config;
    // It would move a volume control of the operating system, which we do not provide.
    config.Set<webrtc::ExperimentalAgc>(new webrtc::ExperimentalAgc(false));
    apm_.reset(webrtc::AudioProcessing::Create(config));
    if (!apm_) throw std::runtime_error("libwebrtc-audio-processing cannot be set up");
    webrtc::ProcessingConfig mono;
    for (webrtc::StreamConfig& stream : mono.streams) stream = webrtc::StreamConfig(kRate, 1);
    checkVoiceStatus(apm_->Initialize(mono), "Initialize");
    checkVoiceStatus(apm_->noise_suppression()->set_level(webrtc::NoiseSuppression::kVeryHigh), "noise suppression level");
    webrtc::GainControl& gain = *apm_->gain_control();
    checkVoiceStatus(gain.set_mode(webrtc::GainControl::kAdaptiveDigital), "gain mode");
    checkVoiceStatus(gain.set_target_level_dbfs(kTargetBelowFullScaleDb), "gain target");
    checkVoiceStatus(gain.set_compression_gain_db(kMostGainDb), "gain limit");
    checkVoiceStatus(gain.enable_limiter(true), "limiter");
    frame_.num_channels_ = 1;
    frame_.sample_rate_hz_ = kRate;
    frame_.samples_per_channel_ = kBlockSamples;
  }

  void configure(const VoiceSettings& settings) override {
    isNeeded_ = settings.noiseSuppression || settings.automaticGain;
    checkVoiceStatus(apm_->high_pass_filter()->Enable(isNeeded_), "high-pass filter");
    checkVoiceStatus(apm_->noise_suppression()->Enable(settings.noiseSuppression), "noise suppression");
    checkVoiceStatus(apm_->gain_control()->Enable(settings.automaticGain), "gain control");
  }

  bool cancelsEcho() const override { return false; }

  void process(const float* /* far */, std::int16_t* block) override {
    if (!isNeeded_) return;
    std::copy(block, block + kBlockSamples, frame_.data_);
    checkVoiceStatus(apm_->ProcessStream(&frame_), "ProcessStream");
    std::copy(frame_.data_, frame_.data_ + kBlockSamples, block);
  }

 private:
  std::unique_ptr<webrtc::AudioProcessing> apm_;
  webrtc::AudioFrame frame_;
  bool isNeeded_ = false;
};

}  // namespace

std::unique_ptr<VoiceLibrary> openVoiceLibrary0() { return std::make_unique<Library0>(); }

}  // namespace callnative
#endif
