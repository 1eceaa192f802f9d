// What is done to the voice between microphone and network, block by block: the speaker's echo is taken out by our own
// filter and suppressor, then libwebrtc-audio-processing takes out steady noise and keeps the level even.
// Pairs what was played with what was captured; knows nothing of the devices. One thread at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "voice/echo-filter.h"
#include "voice/echo-suppressor.h"

namespace callnative {

struct VoiceSettings {
  bool echoCancellation;
  bool noiseSuppression;
  bool automaticGain;
};

struct VoiceFigures {
  /** Delay of the echo as the filter found it, milliseconds; 0 before it has. */
  double echoDelayMs;
  /** Captured before against after cancellation while the speaker sounds, over a second; includes the near voice. */
  double echoReductionDb;
  /** Captured blocks for which nothing played was there, and played blocks that came too often. */
  double missingBlocks, droppedBlocks;
};

class VoiceProcessor {
 public:
  explicit VoiceProcessor(VoiceSettings settings);
  VoiceProcessor(const VoiceProcessor&) = delete;
  VoiceProcessor& operator=(const VoiceProcessor&) = delete;
  ~VoiceProcessor();

  /** Takes effect with the next block; what was learned of the echo is kept. */
  void configure(VoiceSettings settings);

  /** 480 samples at 48 kHz that go to the speaker now. */
  void playing(const std::int16_t* block);

  /** 480 samples at 48 kHz as captured, replaced by what is to be sent. Allocates nothing. */
  void captured(std::int16_t* block);

  VoiceFigures figures() const;

 private:
  static constexpr std::size_t kMostWaiting = 16;
  using Block = std::array<float, kBlockSamples>;
  class Library;

  const float* nextFar();
  void followLead();
  void cancelEcho(std::int16_t* block);
  void dropFar();

  VoiceSettings settings_;
  EchoFilter filter_;
  EchoSuppressor suppressor_;
  std::unique_ptr<Library> library_;
  std::array<Block, kMostWaiting> waiting_{};
  std::size_t first_ = 0, count_ = 0, fewest_ = kMostWaiting;
  bool isGathering_ = true;
  int untilTrend_ = 0, missingInRow_ = 0;
  std::uint64_t missing_ = 0, dropped_ = 0;
  Block near_{}, clean_{}, echo_{}, silence_{};
  float farPower_ = 0, nearPower_ = 0, cleanPower_ = 0;
};

}  // namespace callnative
