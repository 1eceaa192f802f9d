// Which of a camera's modes suits a wish: arithmetic alone, so that it is tested without a device. How modes are asked
// for is not known here. The rule in words is in native/README.md.
#pragma once

#include <limits>
#include <optional>
#include <vector>

#include "pixels/picture.h"

namespace callnative {

struct Size {
  int width;
  int height;
};

/** What a driver gives instead of a list; see v4l2_frmsize_stepwise. */
struct SizeRange {
  Size least;
  Size most;
  Size step;
};

/** The usual sizes within a range, and what is nearest to `wish` (may be null), on the range's steps. Never empty for
 *  a range that holds any size. */
std::vector<Size> sizesWithin(const SizeRange& range, const Wish* wish);

constexpr double kUnlimited = std::numeric_limits<double>::infinity();

/** Bytes a second that the mode puts on its connection; for MJPG an estimate from above. */
double bytesPerSecond(const Mode& mode);

/**
 * The mode that costs least; none only where `modes` has none of the wished format. Raw modes of more than `carried`
 * bytes a second come after all others.
 * A rate below the wish costs 1.5 log2 of the ratio, since a jerky picture is worse than a small one; a smaller
 * picture log2 of the ratio of areas, a larger one (in either direction) twice that and 0.1; another shape a quarter
 * of log2 of the ratio of shapes. Of equal cost wins the rate nearest to the wish, then raw before MJPG.
 */
std::optional<Mode> chooseMode(const std::vector<Mode>& modes, const Wish& wish, double carried = kUnlimited);

/** The modes that need less of the connection than `failed` did. */
std::vector<Mode> modesBelow(const std::vector<Mode>& modes, const Mode& failed);

}  // namespace callnative
