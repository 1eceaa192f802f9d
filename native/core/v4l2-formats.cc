// See v4l2-formats.h.
#include "v4l2-formats.h"

#include <linux/videodev2.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>

#include "v4l2-device.h"

namespace callnative {

namespace {

constexpr std::array<std::uint32_t, 5> kConvertible = {V4L2_PIX_FMT_YUYV, V4L2_PIX_FMT_UYVY, V4L2_PIX_FMT_NV12,
                                                       V4L2_PIX_FMT_YUV420, V4L2_PIX_FMT_MJPEG};
/** Named where a device gives a range of sizes or rates: what settings usually ask for. */
constexpr std::array<std::pair<int, int>, 6> kUsualSizes = {
    {{320, 240}, {640, 360}, {640, 480}, {1280, 720}, {1920, 1080}, {3840, 2160}}};
constexpr std::array<double, 4> kUsualRates = {15, 25, 30, 60};
/** For drivers that do not say their rate: v4l2loopback before its writer has set one, some capture cards. */
constexpr double kUnknownRate = 30;
constexpr double kRateWeight = 1.5;
/** Rates within 2 % are the same: 29.97 serves a wish for 30. */
constexpr double kSameRate = 0.98;
/** A driver that never ends its list must not hang the enumeration. */
constexpr std::uint32_t kMostEntries = 256;

struct Size {
  int width;
  int height;
};

int toInt(std::uint32_t value) { return static_cast<int>(value); }

int snap(int value, std::uint32_t least, std::uint32_t most, std::uint32_t step) {
  const int clamped = std::clamp(value, toInt(least), toInt(most));
  return step > 1 ? toInt(least) + (clamped - toInt(least)) / toInt(step) * toInt(step) : clamped;
}

void addRangeSizes(std::vector<Size>& sizes, const v4l2_frmsize_stepwise& range, const Wish* wish) {
  const auto add = [&](int width, int height) {
    const Size size{snap(width, range.min_width, range.max_width, range.step_width),
                    snap(height, range.min_height, range.max_height, range.step_height)};
    const auto same = [&](const Size& other) { return other.width == size.width && other.height == size.height; };
    if (std::none_of(sizes.begin(), sizes.end(), same)) sizes.push_back(size);
  };
  for (const auto& [width, height] : kUsualSizes) {
    if (width <= toInt(range.max_width) && height <= toInt(range.max_height)) add(width, height);
  }
  if (wish != nullptr) add(wish->width, wish->height);
  if (sizes.empty()) add(toInt(range.max_width), toInt(range.max_height));
}

std::vector<Size> sizesOf(const V4l2Device& device, std::uint32_t fourcc, const Wish* wish) {
  std::vector<Size> sizes;
  for (std::uint32_t index = 0; index < kMostEntries; index++) {
    v4l2_frmsizeenum entry{};
    entry.index = index;
    entry.pixel_format = fourcc;
    if (!device.tryControl(VIDIOC_ENUM_FRAMESIZES, &entry)) break;
    if (entry.type != V4L2_FRMSIZE_TYPE_DISCRETE) {
      addRangeSizes(sizes, entry.stepwise, wish);
      break;
    }
    sizes.push_back({toInt(entry.discrete.width), toInt(entry.discrete.height)});
  }
  return sizes;
}

double rateOf(const v4l2_fract& interval) {
  return interval.numerator > 0 ? static_cast<double>(interval.denominator) / interval.numerator : 0;
}

void addRangeRates(std::vector<double>& rates, const v4l2_frmival_stepwise& range, const Wish* wish) {
  const double slowest = rateOf(range.max);
  const double fastest = rateOf(range.min);
  const auto within = [&](double rate) { return rate >= slowest && rate <= fastest; };
  std::copy_if(kUsualRates.begin(), kUsualRates.end(), std::back_inserter(rates), within);
  if (wish != nullptr && within(wish->fps) && std::find(rates.begin(), rates.end(), wish->fps) == rates.end()) {
    rates.push_back(wish->fps);
  }
  if (rates.empty()) rates.push_back(fastest);
}

std::vector<double> ratesOf(const V4l2Device& device, std::uint32_t fourcc, const Size& size, const Wish* wish) {
  std::vector<double> rates;
  for (std::uint32_t index = 0; index < kMostEntries; index++) {
    v4l2_frmivalenum entry{};
    entry.index = index;
    entry.pixel_format = fourcc;
    entry.width = static_cast<std::uint32_t>(size.width);
    entry.height = static_cast<std::uint32_t>(size.height);
    if (!device.tryControl(VIDIOC_ENUM_FRAMEINTERVALS, &entry)) break;
    if (entry.type != V4L2_FRMIVAL_TYPE_DISCRETE) {
      addRangeRates(rates, entry.stepwise, wish);
      break;
    }
    rates.push_back(rateOf(entry.discrete));
  }
  std::erase_if(rates, [](double rate) { return rate <= 0; });
  if (rates.empty()) rates.push_back(kUnknownRate);
  return rates;
}

double costOf(const Mode& mode, const Wish& wish) {
  const double area = static_cast<double>(mode.width) * mode.height;
  const double areaRatio = area / (static_cast<double>(wish.width) * wish.height);
  const bool isLarger = mode.width > wish.width || mode.height > wish.height;
  const double sizeCost = isLarger ? 0.1 + 2 * std::abs(std::log2(areaRatio)) : -std::log2(areaRatio);
  const double rateCost = mode.fps >= wish.fps * kSameRate ? 0 : kRateWeight * std::log2(wish.fps / mode.fps);
  return sizeCost + rateCost;
}

bool isAllowed(const Mode& mode, const Wish& wish) { return wish.fourcc.empty() || mode.fourcc == wish.fourcc; }

}  // namespace

bool isConvertible(std::uint32_t fourcc) {
  return std::find(kConvertible.begin(), kConvertible.end(), fourcc) != kConvertible.end();
}

std::string fourccName(std::uint32_t fourcc) {
  std::string name;
  for (unsigned shift = 0; shift < 32; shift += 8) name += static_cast<char>((fourcc >> shift) & 0x7F);
  return name;
}

std::uint32_t fourccOf(const std::string& name) { return v4l2_fourcc(name.at(0), name.at(1), name.at(2), name.at(3)); }

std::vector<Mode> enumerateModes(const V4l2Device& device, const Wish* wish) {
  std::vector<Mode> modes;
  for (std::uint32_t index = 0; index < kMostEntries; index++) {
    v4l2_fmtdesc format{};
    format.index = index;
    format.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    if (!device.tryControl(VIDIOC_ENUM_FMT, &format)) break;
    if (!isConvertible(format.pixelformat)) continue;
    for (const Size& size : sizesOf(device, format.pixelformat, wish)) {
      for (const double rate : ratesOf(device, format.pixelformat, size, wish)) {
        modes.push_back({size.width, size.height, rate, fourccName(format.pixelformat)});
      }
    }
  }
  return modes;
}

std::optional<Mode> chooseMode(const std::vector<Mode>& modes, const Wish& wish) {
  const auto rank = [&](const Mode& mode) {
    // Rounded, so that equal costs stay equal whatever the order of the arithmetic.
    return std::tuple(!isAllowed(mode, wish), std::llround(costOf(mode, wish) * 1e6), std::abs(mode.fps - wish.fps), mode.fourcc == "MJPG");
  };
  const auto best = std::min_element(modes.begin(), modes.end(),
                                     [&](const Mode& left, const Mode& right) { return rank(left) < rank(right); });
  if (best == modes.end() || !isAllowed(*best, wish)) return std::nullopt;
  return *best;
}

}  // namespace callnative
