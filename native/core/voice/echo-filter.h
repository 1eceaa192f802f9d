// Learns the echo path from speaker to microphone and subtracts the echo: a partitioned-block frequency-domain Kalman
// filter (Kuech, Mabande, Enzner, "State-space architecture of the partitioned-block-based acoustic echo controller",
// ICASSP 2014). It weighs each error by its share of echo, so it needs no double-talk detector.
#pragma once

#include <cstddef>
#include <vector>

#include "voice/fourier.h"
#include "voice/voice-library.h"

namespace callnative {

class EchoFilter {
 public:
  EchoFilter();

  /** `far` is 480 samples as played, `near` 480 as captured. `clean` receives `near` without the echo, `echo` the
   *  subtracted part. Full scale is 1. Allocates nothing. */
  void process(const float* far, const float* near, float* clean, float* echo);

  /** The newest far block was silence in place of a late block. Drops it and shifts the learned path by one block. */
  void delayFar();
  /** Takes a far block that has no near counterpart. Later far blocks are paired one block earlier. */
  void skipFar(const float* far);

  /** Forgets the learned path. */
  void reset();

  /** Delay of the loudest part of the echo, in blocks. */
  std::size_t delayBlocks() const;

 private:
  struct Spectrum {
    std::vector<float> re, im;
  };
  /** One block's part of the echo path by bin, and the variance of its unknown part. */
  struct Partition {
    Spectrum path;
    std::vector<float> uncertainty;
  };

  const Spectrum& farOf(std::size_t partition) const;
  void forget(Partition& partition);
  void takeFar(const float* far);
  void predict();
  void subtract(const float* near, float* clean, float* echo);
  void weigh();
  void learn();
  void constrainNext();
  void detectDivergence(const float* near, const float* clean, const float* echo);

  RealFourier fourier_;
  std::vector<Partition> partitions_;
  std::vector<Spectrum> far_;
  /** Index of the newest far spectrum. Older ones follow, wrapping around. */
  std::size_t newest_ = 0;
  /** Consecutive silent far blocks up to the newest. */
  std::size_t silentBlocks_ = 0;
  std::size_t nextConstrained_ = 0;
  std::vector<float> farFrame_, frame_;
  Spectrum echo_, error_;
  /** By bin: smoothed error power, power of the unknown echo, step, least power of the path. */
  std::vector<float> noise_, unknown_, step_, leastPath_;
  float nearPower_ = 0, cleanPower_ = 0, echoPower_ = 0;
  int divergedBlocks_ = 0;
};

/** Mean power of a block. */
float blockPower(const float* block);

}  // namespace callnative
