// Chooses the camera mode that fits the constraints best. Pure arithmetic, tested without a device. native/README.md
// explains the rule.
#pragma once

#include <limits>
#include <optional>
#include <vector>

#include "pixels/frame.h"

namespace callnative {

struct Size {
  int width;
  int height;
};

/** A range of sizes, given by some drivers instead of a list; see v4l2_frmsize_stepwise. */
struct SizeRange {
  Size least;
  Size most;
  Size step;
};

/** The usual sizes within a range, and the size nearest to `constraints` (may be null), on the range's steps. Empty only
 *  for an empty range. */
std::vector<Size> sizesWithin(const SizeRange& range, const CaptureConstraints* constraints);

constexpr double kUnlimited = std::numeric_limits<double>::infinity();

/** Bytes per second that the mode puts on the bus; for MJPG an upper estimate. */
double bytesPerSecond(const Mode& mode);

/**
 * The mode with the lowest cost; none only where `modes` has none of the required format. Raw modes of more than
 * `busCapacity` bytes per second come after all others.
 * A lower rate costs 1.5 log2 of the ratio, since jerky video is worse than small video. A smaller frame costs log2 of the
 * ratio of areas; a frame larger in either direction costs twice that and 0.1. Another aspect ratio costs a quarter of
 * log2 of the ratio of both. Grey comes after all colours. Ties go to the rate nearest to the
 * constraints, then to the usual raw formats, JPEG, and the other raw formats, in this order.
 */
std::optional<Mode> chooseMode(const std::vector<Mode>& modes, const CaptureConstraints& constraints, double busCapacity = kUnlimited);

/** The modes that need less bandwidth than `failed`. */
std::vector<Mode> modesBelow(const std::vector<Mode>& modes, const Mode& failed);

}  // namespace callnative
