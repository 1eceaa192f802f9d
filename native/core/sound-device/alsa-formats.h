// The sample rates and channel counts that a PCM of ALSA offers.
#pragma once

#include <string>
#include <vector>

namespace callnative {

/** One sample rate, and the least and greatest number of channels that the device has at it. */
struct AlsaFormat {
  unsigned int sampleRate;
  unsigned int minChannels;
  unsigned int maxChannels;
};

enum class AlsaDirection { kCapture, kPlayback };

/**
 * Opens the PCM, asks and closes it. No sound passes. Blocks for some milliseconds.
 * @param name as for aplay(1), such as hw:1,0
 * @returns the usual rates that the device itself has, without ALSA's conversion. A rate that is at most 1 % off is named as the
 *   device has it.
 * @throws std::runtime_error with ALSA's reason, such as a busy device
 */
std::vector<AlsaFormat> alsaFormats(const std::string& name, AlsaDirection direction);

}  // namespace callnative
