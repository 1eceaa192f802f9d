// Voice processing: Fourier transforms, echo cancellation, and late, lost or surplus blocks.
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "check.h"
#include "voice/echo-filter.h"
#include "voice/fourier.h"
#include "voice/voice-processing.h"

using namespace callnative;

namespace {

using Samples = std::vector<std::int16_t>;

Samples noise(std::size_t blocks, unsigned seed) {
  std::mt19937 random(seed);
  Samples samples(blocks * kBlockSamples);
  for (std::int16_t& sample : samples) sample = static_cast<std::int16_t>(static_cast<int>(random() % 16'000) - 8'000);
  return samples;
}

double power(const std::int16_t* block) {
  double sum = 0;
  for (std::size_t at = 0; at < kBlockSamples; ++at) sum += static_cast<double>(block[at]) * block[at];
  return sum / kBlockSamples;
}

/** The block that was played `delayBlocks` earlier, at half its level. */
Samples echoOf(const Samples& far, std::size_t block, std::size_t delayBlocks) {
  Samples echo(kBlockSamples);
  if (block < delayBlocks) return echo;
  for (std::size_t at = 0; at < kBlockSamples; ++at) {
    echo[at] = static_cast<std::int16_t>(far[(block - delayBlocks) * kBlockSamples + at] / 2);
  }
  return echo;
}

constexpr VoiceSettings kEchoOnly{true, false, false};

}  // namespace

TEST("a sine appears in its bin only, and the inverse transform restores the samples") {
  constexpr std::size_t size = 64;
  RealFourier fourier(size);
  std::vector<float> samples(size), back(size), re(fourier.bins()), im(fourier.bins());
  for (std::size_t at = 0; at < size; ++at) samples[at] = std::sin(static_cast<float>(at) * 2.0F * 3.14159265F * 5.0F / size);
  fourier.forward(samples.data(), re.data(), im.data());
  for (std::size_t bin = 0; bin < fourier.bins(); ++bin) {
    check::that(std::abs(re[bin]) < 1e-4F, "a sine has no real part");
    check::that(std::abs(im[bin] - (bin == 5 ? -32.0F : 0.0F)) < 1e-4F, "only its own bin holds the sine");
  }
  fourier.inverse(re.data(), im.data(), back.data());
  for (std::size_t at = 0; at < size; ++at) check::that(std::abs(back[at] - samples[at]) < 1e-5F, "not the same again");
}

TEST("an echo is learned and removed, and its delay is found") {
  constexpr std::size_t blocks = 300, delay = 12;
  const Samples far = noise(blocks, 1);
  VoiceProcessor voice(kEchoOnly);
  double left = 0;
  for (std::size_t block = 0; block < blocks; ++block) {
    Samples near = echoOf(far, block, delay);
    voice.playing(&far[block * kBlockSamples]);
    voice.captured(near.data());
    if (block >= blocks - 50) left += power(near.data()) / 50;
  }
  check::that(10 * std::log10(power(far.data()) / 4 / (left + 1)) > 30, "less than 30 dB of the echo are gone");
  // The first captured block had no counterpart, so far blocks are paired one block later.
  check::equal(voice.figures().echoDelayMs, 110.0, "delay");
}

TEST("the learned path survives played blocks that come late in a burst, and the removal of that delay") {
  constexpr std::size_t blocks = 900, delay = 12, lateAt = 300, lateBlocks = 4;
  const Samples far = noise(blocks, 2);
  VoiceProcessor voice(kEchoOnly);
  std::size_t loud = 0;
  for (std::size_t block = 0, played = 0; block < blocks; ++block) {
    Samples near = echoOf(far, block, delay);
    const bool isLate = block >= lateAt && block < lateAt + lateBlocks;
    for (; !isLate && played <= block; ++played) voice.playing(&far[played * kBlockSamples]);
    voice.captured(near.data());
    // Without shifting the path every block would be loud for half a second.
    if (block > lateAt && power(near.data()) > power(far.data()) / 400) loud += 1;
  }
  check::that(voice.figures().missingBlocks >= 3, "nothing was missing");
  check::that(voice.figures().droppedBlocks >= 2, "nothing was dropped");
  check::that(loud <= 25, "the echo returned in " + std::to_string(loud) + " blocks");
}

TEST("lost captured blocks are compensated, and the echo is learned again") {
  constexpr std::size_t blocks = 800, delay = 12, lostAt = 300;
  const Samples far = noise(blocks, 5);
  VoiceProcessor voice(kEchoOnly);
  double left = 0;
  for (std::size_t block = 0; block < blocks; ++block) {
    Samples near = echoOf(far, block, delay);
    voice.playing(&far[block * kBlockSamples]);
    if (block == lostAt || block == lostAt + 1) continue;
    voice.captured(near.data());
    if (block >= blocks - 50) left += power(near.data()) / 50;
  }
  check::that(voice.figures().droppedBlocks >= 2, "nothing was dropped");
  check::that(10 * std::log10(power(far.data()) / 4 / (left + 1)) > 25, "less than 25 dB of the echo are gone");
}

TEST("with everything off captured samples stay unchanged, and settings change at any time") {
  const Samples voiceSamples = noise(40, 3);
  VoiceProcessor voice({false, false, false});
  for (std::size_t block = 0; block < 40; ++block) {
    Samples near(voiceSamples.begin() + static_cast<std::ptrdiff_t>(block * kBlockSamples), voiceSamples.begin() + static_cast<std::ptrdiff_t>((block + 1) * kBlockSamples));
    const Samples before = near;
    if (block == 10) voice.configure({true, true, true});
    if (block == 20) voice.configure({false, true, false});
    if (block == 30) voice.configure({false, false, false});
    voice.playing(voiceSamples.data());
    voice.captured(near.data());
    check::equal(near == before, block < 10 || block >= 30, "unchanged in block " + std::to_string(block));
  }
}

TEST("the queue of played blocks is bounded when nothing is captured") {
  const Samples far = noise(1, 4);
  VoiceProcessor voice(kEchoOnly);
  for (int block = 0; block < 1'000; ++block) voice.playing(far.data());
  check::that(voice.figures().droppedBlocks > 900, "the queue grows");
}

TEST("full-scale square waves on both sides yield finite values") {
  VoiceProcessor voice({true, true, true});
  for (int block = 0; block < 200; ++block) {
    Samples far(kBlockSamples), near(kBlockSamples);
    for (std::size_t at = 0; at < kBlockSamples; ++at) {
      far[at] = at % 100 < 50 ? 32'767 : -32'768;
      near[at] = at % 70 < 35 ? 32'767 : -32'768;
    }
    voice.playing(far.data());
    voice.captured(near.data());
  }
  check::that(std::isfinite(voice.figures().echoReductionDb), "not finite");
}
