// See v4l2-formats.h.
#include "capture/v4l2-formats.h"

#include <linux/videodev2.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "capture/v4l2-device.h"

namespace callnative {

namespace {

constexpr std::array<std::uint32_t, 5> kConvertible = {V4L2_PIX_FMT_YUYV, V4L2_PIX_FMT_UYVY, V4L2_PIX_FMT_NV12,
                                                       V4L2_PIX_FMT_YUV420, V4L2_PIX_FMT_MJPEG};
/** Tried where a device gives a range of rates. */
constexpr std::array<double, 4> kUsualRates = {15, 25, 30, 60};
/** For drivers that do not report a rate: v4l2loopback before its writer has set one, some capture cards. */
constexpr double kUnknownRate = 30;
/** A driver that never ends its list must not hang the enumeration. */
constexpr std::uint32_t kMostEntries = 256;

/** Far more than any camera has. A driver without a bound reports the largest number there is. */
constexpr std::uint32_t kMostPixels = 16'384;
/** No camera is this fast. A driver that reports more is wrong. */
constexpr double kMostRate = 1000;
/** Tried on a driver that lists no sizes, when there are no constraints. */
constexpr Size kCommonSize = {640, 480};

int toInt(std::uint32_t value) { return static_cast<int>(std::min(value, kMostPixels)); }

SizeRange rangeOf(const v4l2_frmsize_stepwise& range) {
  return {{toInt(range.min_width), toInt(range.min_height)},
          {toInt(range.max_width), toInt(range.max_height)},
          {toInt(range.step_width), toInt(range.step_height)}};
}

/** Some drivers list no sizes, but answer which size they would choose. VIDIOC_TRY_FMT. */
std::vector<Size> triedSizes(const V4l2Device& device, std::uint32_t fourcc, const CaptureConstraints* constraints) {
  v4l2_format format{};
  format.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  format.fmt.pix.width = static_cast<std::uint32_t>(constraints != nullptr ? constraints->width : kCommonSize.width);
  format.fmt.pix.height = static_cast<std::uint32_t>(constraints != nullptr ? constraints->height : kCommonSize.height);
  format.fmt.pix.pixelformat = fourcc;
  format.fmt.pix.field = V4L2_FIELD_NONE;
  if (!device.tryControl(VIDIOC_TRY_FMT, &format) || format.fmt.pix.pixelformat != fourcc) return {};
  return {{toInt(format.fmt.pix.width), toInt(format.fmt.pix.height)}};
}

std::vector<Size> sizesOf(const V4l2Device& device, std::uint32_t fourcc, const CaptureConstraints* constraints) {
  std::vector<Size> sizes;
  for (std::uint32_t index = 0; index < kMostEntries; index++) {
    v4l2_frmsizeenum entry{};
    entry.index = index;
    entry.pixel_format = fourcc;
    if (!device.tryControl(VIDIOC_ENUM_FRAMESIZES, &entry)) break;
    if (entry.type != V4L2_FRMSIZE_TYPE_DISCRETE) {
      sizes = sizesWithin(rangeOf(entry.stepwise), constraints);
      break;
    }
    sizes.push_back({toInt(entry.discrete.width), toInt(entry.discrete.height)});
  }
  std::erase_if(sizes, [](const Size& size) { return size.width < 1 || size.height < 1; });
  return sizes.empty() ? triedSizes(device, fourcc, constraints) : sizes;
}

double rateOf(const v4l2_fract& interval) {
  return interval.numerator > 0 ? static_cast<double>(interval.denominator) / interval.numerator : 0;
}

void addRangeRates(std::vector<double>& rates, const v4l2_frmival_stepwise& range, const CaptureConstraints* constraints) {
  const double slowest = rateOf(range.max);
  const double fastest = rateOf(range.min);
  const auto within = [&](double rate) { return rate >= slowest && rate <= fastest; };
  std::copy_if(kUsualRates.begin(), kUsualRates.end(), std::back_inserter(rates), within);
  if (constraints != nullptr && within(constraints->fps) && std::find(rates.begin(), rates.end(), constraints->fps) == rates.end()) {
    rates.push_back(constraints->fps);
  }
  if (rates.empty()) rates.push_back(fastest);
}

std::vector<double> ratesOf(const V4l2Device& device, std::uint32_t fourcc, const Size& size, const CaptureConstraints* constraints) {
  std::vector<double> rates;
  for (std::uint32_t index = 0; index < kMostEntries; index++) {
    v4l2_frmivalenum entry{};
    entry.index = index;
    entry.pixel_format = fourcc;
    entry.width = static_cast<std::uint32_t>(size.width);
    entry.height = static_cast<std::uint32_t>(size.height);
    if (!device.tryControl(VIDIOC_ENUM_FRAMEINTERVALS, &entry)) break;
    if (entry.type != V4L2_FRMIVAL_TYPE_DISCRETE) {
      addRangeRates(rates, entry.stepwise, constraints);
      break;
    }
    rates.push_back(rateOf(entry.discrete));
  }
  std::erase_if(rates, [](double rate) { return rate <= 0 || rate > kMostRate; });
  if (rates.empty()) rates.push_back(kUnknownRate);
  return rates;
}

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

std::vector<Mode> enumerateModes(const V4l2Device& device, const CaptureConstraints* constraints) {
  std::vector<Mode> modes;
  for (std::uint32_t index = 0; index < kMostEntries; index++) {
    v4l2_fmtdesc format{};
    format.index = index;
    format.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    if (!device.tryControl(VIDIOC_ENUM_FMT, &format)) break;
    if (!isConvertible(format.pixelformat)) continue;
    for (const Size& size : sizesOf(device, format.pixelformat, constraints)) {
      for (const double rate : ratesOf(device, format.pixelformat, size, constraints)) {
        modes.push_back({size.width, size.height, rate, fourccName(format.pixelformat)});
      }
    }
  }
  return modes;
}

}  // namespace callnative
