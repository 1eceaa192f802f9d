// Lists the modes that a V4L2 device offers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "capture/mode-choice.h"
#include "pixels/frame.h"
#include "raw/raw-format.h"

namespace callnative {

class V4l2Device;

/** Whether pixel-convert understands the format. */
bool isConvertible(std::uint32_t fourcc);
/** All of them, for messages. */
std::string convertibleNames();

/** The device's formats, convertible or not, for messages. VIDIOC_ENUM_FMT. */
std::vector<std::uint32_t> enumerateFormats(const V4l2Device& device);
/** Every convertible mode, one for each format, size and rate. Where a device gives ranges, these are the usual sizes and
 *  rates within them, and the nearest to `constraints`. Where it lists no size, this is the size that it would choose.
 *  VIDIOC_ENUM_FMT, _FRAMESIZES, _FRAMEINTERVALS. */
std::vector<Mode> enumerateModes(const V4l2Device& device, const CaptureConstraints* constraints);

}  // namespace callnative
