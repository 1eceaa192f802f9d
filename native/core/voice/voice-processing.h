// Processes the voice between microphone and network, block by block. Our own filter and suppressor remove the speaker's
// echo. libwebrtc-audio-processing then removes the residual echo if it can, and steady noise, and evens out the level.
// Pairs played with captured blocks.
// One thread at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "voice/echo-filter.h"
#include "voice/echo-suppressor.h"
#include "voice/voice-library.h"

namespace callnative {

struct VoiceFigures {
  /** Estimated delay of the echo in milliseconds; 0 before there is an estimate. */
  double echoDelayMs;
  /** Captured power before cancellation over power after it, over a second of far sound; includes the near voice. */
  double echoReductionDb;
  /** Captured blocks without a played counterpart, and played blocks without a captured one. */
  double missingBlocks, droppedBlocks;
};

class VoiceProcessor {
 public:
  explicit VoiceProcessor(VoiceSettings settings);
  VoiceProcessor(const VoiceProcessor&) = delete;
  VoiceProcessor& operator=(const VoiceProcessor&) = delete;
  ~VoiceProcessor();

  /** Takes effect with the next block. The learned echo path is kept. */
  void configure(VoiceSettings settings);

  /** 480 samples at 48 kHz that go to the speaker now. */
  void playing(const std::int16_t* block);

  /** 480 captured samples at 48 kHz, replaced by the processed ones. Digital silence stays so.
   *  @throws std::runtime_error with the library's status */
  void captured(std::int16_t* block);

  VoiceFigures figures() const;

 private:
  static constexpr std::size_t kMostWaiting = 16;
  using Block = std::array<float, kBlockSamples>;

  const float* nextFar();
  void trackLead();
  void cancelEcho(const float* far, std::int16_t* block);
  void dropFar();

  VoiceSettings settings_;
  std::unique_ptr<VoiceLibrary> library_;
  EchoFilter filter_;
  EchoSuppressor suppressor_;
  std::array<Block, kMostWaiting> waiting_{};
  std::size_t first_ = 0, count_ = 0, fewest_ = kMostWaiting;
  bool isGathering_ = true;
  int untilTrend_ = 0, missingInRow_ = 0;
  std::uint64_t missing_ = 0, dropped_ = 0;
  Block near_{}, clean_{}, echo_{}, silence_{};
  float farPower_ = 0, nearPower_ = 0, cleanPower_ = 0;
};

}  // namespace callnative
