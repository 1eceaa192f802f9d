// See voice-processing.h. Two callbacks deliver played and captured blocks, and each may be late or come in bursts. A few
// played blocks therefore wait. When their number changes for good, the filter's path is shifted with it.
#include "voice/voice-processing.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "voice/webrtc-audio.h"

namespace callnative {

namespace {

constexpr int kRate = 48'000;
constexpr float kFullScale = 32'768.0F;
/** 20 ms, the usual offset between the two callbacks. Sound servers take longer than that from speaker to microphone, so
 *  the echo still follows its cause. */
constexpr std::size_t kLead = 2;
/** One second. */
constexpr int kTrendBlocks = 100;
/** 100 ms without a played block: the speaker was closed, and its delay may change. */
constexpr int kMostMissingInRow = 10;
constexpr float kFigureSmoothing = 0.99F;
/** -60 dB. */
constexpr float kAudible = 1e-6F;
/** Target level in decibels below full scale, and the largest gain. Measured: a voice of -40 dB leaves at -23 dB, one of
 *  -26 dB at -19 dB, one of -10 dB at -16 dB. */
constexpr int kTargetBelowFullScaleDb = 6;
constexpr int kMostGainDb = 24;

void check(int status, const char* what) {
  if (status != 0) throw std::runtime_error(std::string(what) + ": libwebrtc-audio-processing returned " + std::to_string(status));
}

}  // namespace

/** Noise suppression, gain and a high-pass filter; the library's own echo canceller stays off. */
class VoiceProcessor::Library {
 public:
  Library() {
    webrtc::Config config;
    // It would move a volume control of the operating system, which we do not provide.
    config.Set<webrtc::ExperimentalAgc>(new webrtc::ExperimentalAgc(false));
    apm_.reset(webrtc::AudioProcessing::Create(config));
    if (!apm_) throw std::runtime_error("libwebrtc-audio-processing cannot be set up");
    webrtc::ProcessingConfig mono;
    for (webrtc::StreamConfig& stream : mono.streams) stream = webrtc::StreamConfig(kRate, 1);
    check(apm_->Initialize(mono), "Initialize");
    check(apm_->noise_suppression()->set_level(webrtc::NoiseSuppression::kVeryHigh), "noise suppression level");
    webrtc::GainControl& gain = *apm_->gain_control();
    check(gain.set_mode(webrtc::GainControl::kAdaptiveDigital), "gain mode");
    check(gain.set_target_level_dbfs(kTargetBelowFullScaleDb), "gain target");
    check(gain.set_compression_gain_db(kMostGainDb), "gain limit");
    check(gain.enable_limiter(true), "limiter");
    frame_.num_channels_ = 1;
    frame_.sample_rate_hz_ = kRate;
    frame_.samples_per_channel_ = kBlockSamples;
  }

  void configure(const VoiceSettings& settings) {
    isNeeded_ = settings.noiseSuppression || settings.automaticGain;
    check(apm_->high_pass_filter()->Enable(isNeeded_), "high-pass filter");
    check(apm_->noise_suppression()->Enable(settings.noiseSuppression), "noise suppression");
    check(apm_->gain_control()->Enable(settings.automaticGain), "gain control");
  }

  void process(std::int16_t* block) {
    if (!isNeeded_) return;
    std::copy(block, block + kBlockSamples, frame_.data_);
    check(apm_->ProcessStream(&frame_), "ProcessStream");
    std::copy(frame_.data_, frame_.data_ + kBlockSamples, block);
  }

 private:
  std::unique_ptr<webrtc::AudioProcessing> apm_;
  webrtc::AudioFrame frame_;
  bool isNeeded_ = false;
};

VoiceProcessor::VoiceProcessor(VoiceSettings settings) : settings_(settings), library_(std::make_unique<Library>()) {
  library_->configure(settings);
}

VoiceProcessor::~VoiceProcessor() = default;

void VoiceProcessor::configure(VoiceSettings settings) {
  settings_ = settings;
  library_->configure(settings);
}

void VoiceProcessor::playing(const std::int16_t* block) {
  if (count_ == kMostWaiting) dropFar();
  Block& slot = waiting_[(first_ + count_) % kMostWaiting];
  for (std::size_t at = 0; at < kBlockSamples; ++at) slot[at] = static_cast<float>(block[at]) / kFullScale;
  count_ += 1;
}

void VoiceProcessor::captured(std::int16_t* block) {
  if (settings_.echoCancellation) {
    cancelEcho(block);
  } else {
    count_ = 0;
    isGathering_ = true;
  }
  library_->process(block);
}

void VoiceProcessor::cancelEcho(std::int16_t* block) {
  const float* far = nextFar();
  for (std::size_t at = 0; at < kBlockSamples; ++at) near_[at] = static_cast<float>(block[at]) / kFullScale;
  filter_.process(far, near_.data(), clean_.data(), echo_.data());
  suppressor_.process(clean_.data(), echo_.data());
  for (std::size_t at = 0; at < kBlockSamples; ++at) {
    const float sample = std::clamp(std::round(clean_[at] * kFullScale), -kFullScale, kFullScale - 1);
    block[at] = static_cast<std::int16_t>(sample);
  }
  farPower_ = 0.9F * farPower_ + 0.1F * blockPower(far);
  if (farPower_ < kAudible) return;
  nearPower_ = kFigureSmoothing * nearPower_ + (1 - kFigureSmoothing) * blockPower(near_.data());
  cleanPower_ = kFigureSmoothing * cleanPower_ + (1 - kFigureSmoothing) * blockPower(clean_.data());
}

/** The played block that pairs with the current captured block; silence when there is none. */
const float* VoiceProcessor::nextFar() {
  if (isGathering_ && count_ >= kLead) {
    isGathering_ = false;
    fewest_ = kMostWaiting;
    untilTrend_ = kTrendBlocks;
    // The silence that replaced late blocks has delayed all later blocks.
    if (missingInRow_ <= kMostMissingInRow) for (; missingInRow_ > 0; --missingInRow_) filter_.delayFar();
    missingInRow_ = 0;
  }
  if (isGathering_ || count_ == 0) {
    isGathering_ = true;
    missing_ += 1;
    missingInRow_ = std::min(missingInRow_ + 1, kMostMissingInRow + 1);
    return silence_.data();
  }
  trackLead();
  const float* far = waiting_[first_].data();
  first_ = (first_ + 1) % kMostWaiting;
  count_ -= 1;
  return far;
}

/** If more than the lead has waited for a second, the captured side has lost a block. */
void VoiceProcessor::trackLead() {
  fewest_ = std::min(fewest_, count_);
  if (--untilTrend_ > 0) return;
  if (fewest_ > kLead) dropFar();
  fewest_ = kMostWaiting;
  untilTrend_ = kTrendBlocks;
}

void VoiceProcessor::dropFar() {
  filter_.skipFar(waiting_[first_].data());
  first_ = (first_ + 1) % kMostWaiting;
  count_ -= 1;
  dropped_ += 1;
}

VoiceFigures VoiceProcessor::figures() const {
  constexpr double blockMs = 10;
  const double reduction = cleanPower_ > 0 ? 10 * std::log10(nearPower_ / cleanPower_) : 0;
  return {static_cast<double>(filter_.delayBlocks()) * blockMs, reduction, static_cast<double>(missing_),
          static_cast<double>(dropped_)};
}

}  // namespace callnative
