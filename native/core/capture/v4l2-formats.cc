// See v4l2-formats.h.
#include "capture/v4l2-formats.h"

#include <linux/videodev2.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "capture/driver-format.h"
#include "capture/v4l2-device.h"
#include "raw/raw-format.h"

namespace callnative {

namespace {

/** Tried where a device gives a range of rates. */
constexpr std::array<double, 4> kUsualRates = {15, 25, 30, 60};
/** For drivers that do not report a rate: v4l2loopback before its writer has set one, some capture cards. */
constexpr double kUnknownRate = 30;
/** A driver that never ends its list must not hang the enumeration. */
constexpr std::uint32_t kMostEntries = 256;

/** Far more than any camera has. A driver without a bound reports the largest number there is. */
constexpr std::uint32_t kMostPixels = 16'384;
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
  DriverFormat wanted;
  wanted.width = static_cast<std::uint32_t>(constraints != nullptr ? constraints->width : kCommonSize.width);
  wanted.height = static_cast<std::uint32_t>(constraints != nullptr ? constraints->height : kCommonSize.height);
  wanted.fourcc = fourcc;
  v4l2_format format = asRequest(device.type(), wanted);
  if (!device.tryControl(VIDIOC_TRY_FMT, &format)) return {};
  const DriverFormat answered = asAnswered(format);
  if (answered.fourcc != fourcc) return {};
  return {{toInt(answered.width), toInt(answered.height)}};
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
  std::erase_if(rates, [](double rate) { return !isPlausibleRate(rate); });
  if (rates.empty()) rates.push_back(kUnknownRate);
  return rates;
}

}  // namespace

bool isConvertible(std::uint32_t fourcc) { return isJpegFormat(fourcc) || rawFormatOf(fourcc) != nullptr; }

std::string convertibleNames() {
  std::string names = fourccName(V4L2_PIX_FMT_MJPEG) + ", " + fourccName(V4L2_PIX_FMT_JPEG);
  for (const RawFormat& raw : rawFormats()) names += ", " + fourccName(raw.fourcc);
  return names;
}

std::vector<std::uint32_t> enumerateFormats(const V4l2Device& device) {
  std::vector<std::uint32_t> formats;
  for (std::uint32_t index = 0; index < kMostEntries; index++) {
    v4l2_fmtdesc format{};
    format.index = index;
    format.type = device.type();
    if (!device.tryControl(VIDIOC_ENUM_FMT, &format)) break;
    formats.push_back(format.pixelformat);
  }
  return formats;
}

std::vector<Mode> enumerateModes(const V4l2Device& device, const CaptureConstraints* constraints) {
  std::vector<Mode> modes;
  for (const std::uint32_t fourcc : enumerateFormats(device)) {
    if (!isConvertible(fourcc)) continue;
    for (const Size& size : sizesOf(device, fourcc, constraints)) {
      for (const double rate : ratesOf(device, fourcc, size, constraints)) {
        modes.push_back({size.width, size.height, rate, fourccName(fourcc)});
      }
    }
  }
  return modes;
}

}  // namespace callnative
