// The format that a driver chose, judged: fields that are joined, and figures that contradict each other.
#pragma once

#include <linux/videodev2.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "pixels/frame.h"
#include "raw/raw-format.h"

namespace callnative {

/** What v4l2_pix_format and v4l2_pix_format_mplane have in common. */
struct DriverFormat {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::uint32_t fourcc = 0;
  /** V4L2_FIELD_… */
  std::uint32_t field = V4L2_FIELD_NONE;
  std::uint32_t colorspace = 0;
  std::uint32_t quantization = 0;
  /** Planes in memory. */
  int planes = 1;
  std::array<std::uint32_t, kMostPlanes> bytesPerLine = {};
  std::array<std::uint32_t, kMostPlanes> sizeImage = {};
};

/** For VIDIOC_TRY_FMT and VIDIOC_S_FMT. `type` is V4L2_BUF_TYPE_VIDEO_CAPTURE or …_MPLANE. */
v4l2_format asRequest(std::uint32_t type, const DriverFormat& wanted);
DriverFormat asAnswered(const v4l2_format& format);

/** The lengths of a buffer's mapped planes. */
using PlaneLengths = std::array<std::size_t, kMostPlanes>;

/** A format that can be converted, and what was corrected or joined, in words for the user. */
struct JudgedFormat {
  V4l2Format format;
  std::vector<std::string> notes;
};

/** Throws SystemError with code 0, which names the mode, if the format, its size, its planes or its fields cannot be shown. */
void requireShowable(const DriverFormat& driver, const std::string& path);

/**
 * The format of buffers of these lengths. Lines that are shorter than their pixels, or that would not fit the buffer, are
 * taken to have no padding. Throws as above if the buffers are too short for that as well.
 */
JudgedFormat judgeFormat(const DriverFormat& driver, const PlaneLengths& lengths, const std::string& path);

/** Whether the driver gives lines of fields that a driver which joins them itself would give as whole frames. */
bool hasSeparateFields(const DriverFormat& driver);

/** Frames a second that a camera may have. Drivers have reported 0/0 and millions. */
bool isPlausibleRate(double fps);

}  // namespace callnative
