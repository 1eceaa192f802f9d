// See driver-format.h.
#include "capture/driver-format.h"

#include <algorithm>

#include "capture/v4l2-formats.h"
#include "system/system-error.h"

namespace callnative {

namespace {

/** JPEG's limit for a side, ISO 10918-1. A driver that gives more is wrong. */
constexpr std::uint32_t kMostSide = 65'535;
/** No camera is this fast. */
constexpr double kMostRate = 1000;
/** No camera has frames of such a ratio. A field of a 4:3 or 16:9 frame is 2.7 or 3.6 times as wide as high. */
constexpr std::uint32_t kWidestFrame = 2;

bool isSide(std::uint32_t pixels) { return pixels >= 1 && pixels <= kMostSide; }

bool isFullRange(const DriverFormat& driver) {
  if (isJpegFormat(driver.fourcc)) return true;
  // Drivers give the values of a sensor without colours as they are, vivid as well.
  const bool isFullByDefault = driver.colorspace == V4L2_COLORSPACE_JPEG || driver.fourcc == V4L2_PIX_FMT_GREY;
  return driver.quantization == V4L2_QUANTIZATION_FULL_RANGE || (driver.quantization == V4L2_QUANTIZATION_DEFAULT && isFullByDefault);
}

/** Some capture cards give a single field for a small frame, such as 320x240. It is whole: no line is missing. */
bool isSqueezed(const DriverFormat& driver) { return driver.width > kWidestFrame * driver.height; }

Fields fieldsOf(const DriverFormat& driver) {
  switch (driver.field) {
    case V4L2_FIELD_TOP:
    case V4L2_FIELD_BOTTOM: return isSqueezed(driver) ? Fields::single : Fields::inPlace;
    case V4L2_FIELD_ALTERNATE: return isSqueezed(driver) ? Fields::alternate : Fields::inPlace;
    case V4L2_FIELD_SEQ_TB: return Fields::upperFirst;
    case V4L2_FIELD_SEQ_BT: return Fields::lowerFirst;
    default: return Fields::inPlace;
  }
}

const char* wordsFor(Fields fields) {
  switch (fields) {
    case Fields::single: return "it sends one field of each frame, whose lines are shown twice";
    case Fields::alternate: return "it sends fields one by one, which are joined to frames";
    case Fields::upperFirst:
    case Fields::lowerFirst: return "it sends the fields of a frame one after the other, which are joined";
    case Fields::inPlace: break;
  }
  return "";
}

std::string modeName(const DriverFormat& driver) {
  return fourccName(driver.fourcc) + " frames of " + std::to_string(driver.width) + "x" + std::to_string(driver.height);
}

[[noreturn]] void refuse(const DriverFormat& driver, const std::string& path, const std::string& why) {
  throw SystemError("VIDIOC_S_FMT", 0, path, path + " delivers " + modeName(driver) + why);
}

/** As plain text for a message: `fourcc 640 wide`. */
V4l2Format unpadded(const DriverFormat& driver) {
  return {static_cast<int>(driver.width), static_cast<int>(driver.height), 0, driver.fourcc, isFullRange(driver), fieldsOf(driver)};
}

/** The driver's line lengths, where they are possible at all. */
V4l2Format padded(const DriverFormat& driver) {
  V4l2Format format = unpadded(driver);
  const auto asLength = [](std::uint32_t bytes) { return static_cast<int>(std::min<std::uint32_t>(bytes, 1U << 30)); };
  format.bytesPerLine = asLength(driver.bytesPerLine[0]);
  for (std::size_t plane = 0; plane < format.chromaBytesPerLine.size(); plane++) {
    format.chromaBytesPerLine[plane] = asLength(driver.bytesPerLine[plane + 1]);
  }
  return format;
}

/** The driver's own size of the plane, or that of the memory if a frame cannot fit the driver's size. */
std::size_t roomIn(const RawFormat& raw, const DriverFormat& driver, const PlaneLengths& lengths, int plane) {
  const auto index = static_cast<std::size_t>(plane);
  const bool isPossible = driver.sizeImage[index] >= leastSize(raw, unpadded(driver), plane);
  return isPossible ? std::min<std::size_t>(driver.sizeImage[index], lengths[index]) : lengths[index];
}

bool fitsIn(const RawFormat& raw, const V4l2Format& format, const DriverFormat& driver, const PlaneLengths& lengths) {
  for (int plane = 0; plane < raw.memoryPlanes; plane++) {
    if (leastSize(raw, format, plane) > roomIn(raw, driver, lengths, plane)) return false;
  }
  return true;
}

}  // namespace

v4l2_format asRequest(std::uint32_t type, const DriverFormat& wanted) {
  v4l2_format format{};
  format.type = type;
  if (type == V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE) {
    format.fmt.pix_mp.width = wanted.width;
    format.fmt.pix_mp.height = wanted.height;
    format.fmt.pix_mp.pixelformat = wanted.fourcc;
    format.fmt.pix_mp.field = wanted.field;
  } else {
    format.fmt.pix.width = wanted.width;
    format.fmt.pix.height = wanted.height;
    format.fmt.pix.pixelformat = wanted.fourcc;
    format.fmt.pix.field = wanted.field;
  }
  return format;
}

DriverFormat asAnswered(const v4l2_format& format) {
  DriverFormat answered;
  if (format.type != V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE) {
    const v4l2_pix_format& pix = format.fmt.pix;
    answered = {pix.width, pix.height, pix.pixelformat, pix.field, pix.colorspace, pix.quantization, 1, {pix.bytesperline}, {pix.sizeimage}};
    return answered;
  }
  const v4l2_pix_format_mplane& pix = format.fmt.pix_mp;
  answered = {pix.width, pix.height, pix.pixelformat, pix.field, pix.colorspace, pix.quantization, pix.num_planes, {}, {}};
  for (std::size_t plane = 0; plane < kMostPlanes; plane++) {
    answered.bytesPerLine[plane] = pix.plane_fmt[plane].bytesperline;
    answered.sizeImage[plane] = pix.plane_fmt[plane].sizeimage;
  }
  return answered;
}

void requireShowable(const DriverFormat& driver, const std::string& path) {
  if (!isConvertible(driver.fourcc)) refuse(driver, path, ", expected one of " + convertibleNames());
  if (!isSide(driver.width) || !isSide(driver.height)) refuse(driver, path, ", expected sides from 1 to " + std::to_string(kMostSide));
  const RawFormat* raw = rawFormatOf(driver.fourcc);
  const int planes = raw == nullptr ? 1 : raw->memoryPlanes;
  if (driver.planes != planes) refuse(driver, path, " in " + std::to_string(driver.planes) + " buffers each, expected " + std::to_string(planes));
  const V4l2Format format = unpadded(driver);
  if (raw == nullptr && format.fields != Fields::inPlace) refuse(driver, path, " as separate fields, expected whole pictures");
  if (shownHeight(format) < 1) refuse(driver, path, " as fields, expected at least two lines in each");
}

JudgedFormat judgeFormat(const DriverFormat& driver, const PlaneLengths& lengths, const std::string& path) {
  const RawFormat* raw = rawFormatOf(driver.fourcc);
  if (raw == nullptr) return {unpadded(driver), {}};
  JudgedFormat judged{padded(driver), {}};
  V4l2Format& format = judged.format;
  if (const char* words = wordsFor(format.fields); *words != '\0') judged.notes.emplace_back(words);
  if (hasLongEnoughLines(*raw, format) && fitsIn(*raw, format, driver, lengths)) return judged;
  format = unpadded(driver);
  const std::size_t least = leastSize(*raw, format, 0);
  if (!fitsIn(*raw, format, driver, lengths)) {
    refuse(driver, path, " in buffers of " + std::to_string(lengths[0]) + " bytes, expected at least " + std::to_string(least));
  }
  judged.notes.push_back("its driver reports lines of " + std::to_string(driver.bytesPerLine[0]) + " bytes, which cannot be; " +
                         std::to_string(leastBytesPerLine(*raw, format.width)) + " are assumed");
  return judged;
}

bool hasSeparateFields(const DriverFormat& driver) { return fieldsOf(driver) != Fields::inPlace; }

bool isPlausibleRate(double fps) { return fps > 0 && fps <= kMostRate; }

}  // namespace callnative
