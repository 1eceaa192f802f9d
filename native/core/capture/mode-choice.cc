// See mode-choice.h.
#include "capture/mode-choice.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <tuple>

#include "raw/raw-format.h"

namespace callnative {

namespace {

/** The sizes that settings usually ask for, tried where a device gives a range. */
constexpr std::array<Size, 6> kUsualSizes = {{{320, 240}, {640, 360}, {640, 480}, {1280, 720}, {1920, 1080}, {3840, 2160}}};
constexpr double kRateWeight = 1.5;
constexpr double kLargerWeight = 2;
/** Of two sizes equally far from the constraints the smaller wins: it costs less to encode. */
constexpr double kLargerCost = 0.1;
/** A 4:3 frame costs a tenth when 16:9 was asked for. This decides only between sizes that are close. */
constexpr double kShapeWeight = 0.25;
/** Rates within 2 % count as equal: 29.97 satisfies 30. */
constexpr double kSameRate = 0.98;
/** Webcams' JPEG has 0.05 to 0.25 bytes for each pixel. */
constexpr double kJpegBytesPerPixel = 0.25;

int onStep(int value, int least, int most, int step) {
  const int clamped = std::clamp(value, least, most);
  return step > 1 ? least + (clamped - least) / step * step : clamped;
}

bool isJpeg(const Mode& mode) { return isJpegFormat(fourccOf(mode.fourcc)); }

/** Null for JPEG. */
const RawFormat* rawFormatIn(const Mode& mode) { return rawFormatOf(fourccOf(mode.fourcc)); }

bool isGrey(const Mode& mode) {
  const RawFormat* raw = rawFormatIn(mode);
  return raw != nullptr && raw->kind == RawKind::grey;
}

/** Of equal modes the usual raw ones come first, then JPEG, which has to be decoded, and last the raw formats that few programs use. */
int familiarity(const Mode& mode) {
  const RawFormat* raw = rawFormatIn(mode);
  if (raw == nullptr) return 1;
  return raw->isLastChoice ? 2 : 0;
}

double costOf(const Mode& mode, const CaptureConstraints& constraints) {
  const double area = static_cast<double>(mode.width) * mode.height;
  const double areaRatio = area / (static_cast<double>(constraints.width) * constraints.height);
  const bool isLarger = mode.width > constraints.width || mode.height > constraints.height;
  const double sizeCost = isLarger ? kLargerCost + kLargerWeight * std::abs(std::log2(areaRatio)) : -std::log2(areaRatio);
  const double shapeRatio = static_cast<double>(mode.width) * constraints.height / (static_cast<double>(mode.height) * constraints.width);
  const double rateCost = mode.fps >= constraints.fps * kSameRate ? 0 : kRateWeight * std::log2(constraints.fps / mode.fps);
  return sizeCost + kShapeWeight * std::abs(std::log2(shapeRatio)) + rateCost;
}

bool isAllowed(const Mode& mode, const CaptureConstraints& constraints) { return constraints.fourcc.empty() || mode.fourcc == constraints.fourcc; }

}  // namespace

std::vector<Size> sizesWithin(const SizeRange& range, const CaptureConstraints* constraints) {
  const Size& least = range.least;
  const Size& most = range.most;
  const Size& step = range.step;
  std::vector<Size> sizes;
  if (least.width < 1 || least.height < 1 || most.width < least.width || most.height < least.height) return sizes;
  const auto add = [&](const Size& wanted) {
    const Size size{onStep(wanted.width, least.width, most.width, step.width),
                    onStep(wanted.height, least.height, most.height, step.height)};
    const auto same = [&](const Size& other) { return other.width == size.width && other.height == size.height; };
    if (std::none_of(sizes.begin(), sizes.end(), same)) sizes.push_back(size);
  };
  for (const Size& usual : kUsualSizes) {
    if (usual.width <= most.width && usual.height <= most.height) add(usual);
  }
  if (constraints != nullptr) add({constraints->width, constraints->height});
  if (sizes.empty()) add(most);
  return sizes;
}

double bytesPerSecond(const Mode& mode) {
  const double pixels = static_cast<double>(mode.width) * mode.height;
  const RawFormat* raw = rawFormatIn(mode);
  return pixels * mode.fps * (raw == nullptr ? kJpegBytesPerPixel : bytesPerPixel(*raw));
}

std::optional<Mode> chooseMode(const std::vector<Mode>& modes, const CaptureConstraints& constraints, double busCapacity) {
  const auto rank = [&](const Mode& mode) {
    const bool isTooMuch = !isJpeg(mode) && bytesPerSecond(mode) > busCapacity;
    // Rounded, so that equal costs compare equal in any order of evaluation.
    return std::tuple(!isAllowed(mode, constraints), isGrey(mode), isTooMuch, std::llround(costOf(mode, constraints) * 1e6), std::abs(mode.fps - constraints.fps), familiarity(mode));
  };
  const auto best = std::min_element(modes.begin(), modes.end(),
                                     [&](const Mode& left, const Mode& right) { return rank(left) < rank(right); });
  if (best == modes.end() || !isAllowed(*best, constraints)) return std::nullopt;
  return *best;
}

std::vector<Mode> modesBelow(const std::vector<Mode>& modes, const Mode& failed) {
  std::vector<Mode> below;
  std::copy_if(modes.begin(), modes.end(), std::back_inserter(below),
               [&](const Mode& mode) { return bytesPerSecond(mode) < bytesPerSecond(failed); });
  return below;
}

}  // namespace callnative
