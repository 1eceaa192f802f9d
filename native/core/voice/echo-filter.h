// Learns how the speaker sounds in the microphone and subtracts it: a partitioned-block frequency-domain Kalman filter
// (Kuech, Mabande, Enzner, "State-space architecture of the partitioned-block-based acoustic echo controller", ICASSP
// 2014). It weighs each error by how much of it is echo, so it needs no double-talk detector. Knows nothing of devices.
#pragma once

#include <cstddef>
#include <vector>

#include "voice/fourier.h"

namespace callnative {

/** 10 ms at 48 kHz. */
constexpr std::size_t kBlockSamples = 480;

class EchoFilter {
 public:
  EchoFilter();

  /** `far`: 480 samples as played; `near`: 480 as captured; `clean` gets `near` without the echo, `echo` what was taken
   *  away. Full scale is 1. Allocates nothing. */
  void process(const float* far, const float* near, float* clean, float* echo);

  /** The newest far block was silence that stood in for one that is late: it is forgotten, and what was learned moves
   *  along with the delay of all that follow. */
  void delayFar();
  /** A far block that was played but is paired with no near one: the others come sooner from now on. */
  void skipFar(const float* far);

  /** Forgets what was learned. */
  void reset();

  /** Delay of the loudest part of the echo, in blocks. */
  std::size_t delayBlocks() const;

 private:
  struct Spectrum {
    std::vector<float> re, im;
  };
  /** The echo path from its delay on, by bin, and the variance of what is not known of it. */
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
  void watch(const float* near, const float* clean, const float* echo);

  RealFourier fourier_;
  std::vector<Partition> partitions_;
  std::vector<Spectrum> far_;
  /** Where the newest far spectrum is; older ones follow, around the end. */
  std::size_t newest_ = 0;
  /** In a row, up to the newest. */
  std::size_t silentBlocks_ = 0;
  std::size_t nextConstrained_ = 0;
  std::vector<float> farFrame_, frame_;
  Spectrum echo_, error_;
  /** By bin: smoothed error power, power of the unknown echo, step, least power of the path. */
  std::vector<float> noise_, unknown_, step_, leastPath_;
  float nearPower_ = 0, cleanPower_ = 0, echoPower_ = 0;
  int lostBlocks_ = 0;
};

/** Mean power of a block. */
float blockPower(const float* block);

}  // namespace callnative
