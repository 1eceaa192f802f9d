// A V4L2 driver whose formats, sizes, rates and buffers come from the input. The target opens and reads V4l2Source over it.
// The linker replaces the system's functions by those below (--wrap), so V4l2Device runs unchanged.
#include <linux/videodev2.h>
#include <poll.h>
#include <sys/ioctl.h>

#include <array>
#include <cerrno>
#include <cstdarg>

#include "fuzz-input.h"
#include "pixels/frame.h"
#include "system/system-error.h"
#include "capture/v4l2-source.h"

using namespace callnative;

namespace {

/** Larger frames only cost time. */
constexpr std::size_t kMostBytes = 1 << 20;
constexpr std::array<std::uint32_t, 12> kFourccs = {V4L2_PIX_FMT_YUYV,   V4L2_PIX_FMT_UYVY,  V4L2_PIX_FMT_NV12,  V4L2_PIX_FMT_MJPEG,
                                                    V4L2_PIX_FMT_YUV420, V4L2_PIX_FMT_H264,  V4L2_PIX_FMT_MJPEG, V4L2_PIX_FMT_RGB24,
                                                    V4L2_PIX_FMT_NV12M,  V4L2_PIX_FMT_YUV420M, V4L2_PIX_FMT_NV16, V4L2_PIX_FMT_JPEG};
constexpr std::array<int, 8> kErrors = {EINVAL, EAGAIN, EIO, ENODEV, EBUSY, EINTR, ENOTTY, ENOMEM};

fuzz::Input* answers = nullptr;

std::uint32_t anyFourcc() {
  const std::uint8_t kind = answers->byte();
  return kind < 224 ? kFourccs[kind % kFourccs.size()] : answers->number(4);
}

v4l2_fract anyInterval() { return {answers->size(), answers->size()}; }

void answerSize(v4l2_frmsizeenum& entry) {
  entry.type = 1 + answers->byte() % 3;
  if (entry.type == V4L2_FRMSIZE_TYPE_DISCRETE) {
    entry.discrete = {answers->size(), answers->size()};
  } else {
    entry.stepwise = {answers->size(), answers->size(), answers->size(),
                      answers->size(), answers->size(), answers->size()};
  }
}

void answerInterval(v4l2_frmivalenum& entry) {
  entry.type = 1 + answers->byte() % 3;
  if (entry.type == V4L2_FRMIVAL_TYPE_DISCRETE) entry.discrete = anyInterval();
  else entry.stepwise = {anyInterval(), anyInterval(), anyInterval()};
}

void answerCapability(v4l2_capability& capability) {
  std::memset(capability.card, answers->byte(), sizeof capability.card);
  std::memset(capability.bus_info, answers->byte(), sizeof capability.bus_info);
  const std::uint8_t kind = answers->byte();
  const std::uint32_t capture = kind % 2 == 0 ? V4L2_CAP_VIDEO_CAPTURE : V4L2_CAP_VIDEO_CAPTURE_MPLANE;
  capability.capabilities = kind < 240 ? capture | V4L2_CAP_STREAMING : answers->number(4);
  capability.device_caps = capability.capabilities;
}

bool isMultiPlanar(std::uint32_t type) { return type == V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE; }

void answerPlanes(v4l2_pix_format_mplane& format) {
  const std::uint8_t changes = answers->byte();
  if (changes & 1) format.width = answers->size();
  if (changes & 2) format.height = answers->size();
  if (changes & 4) format.pixelformat = anyFourcc();
  if (changes & 8) format.field = answers->byte() % 10;
  format.num_planes = changes < 240 ? 1 + answers->byte() % 3 : answers->byte();
  for (auto& plane : format.plane_fmt) {
    if (changes & 16) plane.bytesperline = answers->size();
    if (changes & 32) plane.sizeimage = answers->number(3);
  }
}

/** Keeps the requested format except where the input changes it. */
void answerFormat(v4l2_pix_format& format) {
  const std::uint8_t changes = answers->byte();
  if (changes & 1) format.width = answers->size();
  if (changes & 2) format.height = answers->size();
  if (changes & 4) format.pixelformat = anyFourcc();
  if (changes & 8) format.bytesperline = answers->size();
  if (changes & 16) format.quantization = answers->byte();
  if (changes & 32) format.colorspace = answers->byte();
  if (changes & 64) format.field = answers->byte() % 10;
  if (changes & 128) format.sizeimage = answers->number(3);
}

void answerLength(v4l2_buffer& buffer) {
  if (!isMultiPlanar(buffer.type)) buffer.length = answers->number(3);
  for (std::uint32_t plane = 0; isMultiPlanar(buffer.type) && plane < buffer.length; plane++) buffer.m.planes[plane].length = answers->number(3);
}

void answerFilledBuffer(v4l2_buffer& buffer) {
  const std::uint8_t kind = answers->byte();
  buffer.index = kind < 240 ? kind % 4 : answers->number(4);
  if (isMultiPlanar(buffer.type)) {
    for (std::uint32_t plane = 0; plane < buffer.length; plane++) {
      buffer.m.planes[plane].bytesused = answers->number(3);
      buffer.m.planes[plane].data_offset = answers->byte();
    }
  } else {
    buffer.bytesused = answers->number(3);
  }
  buffer.field = answers->byte() % 10;
  buffer.flags = answers->number(2);
  buffer.timestamp = {answers->byte(), answers->byte()};
}

void answer(unsigned long request, void* argument) {
  switch (request) {
    case VIDIOC_QUERYCAP: return answerCapability(*static_cast<v4l2_capability*>(argument));
    case VIDIOC_ENUM_FMT: static_cast<v4l2_fmtdesc*>(argument)->pixelformat = anyFourcc(); return;
    case VIDIOC_ENUM_FRAMESIZES: return answerSize(*static_cast<v4l2_frmsizeenum*>(argument));
    case VIDIOC_ENUM_FRAMEINTERVALS: return answerInterval(*static_cast<v4l2_frmivalenum*>(argument));
    case VIDIOC_S_FMT: {
      auto& format = *static_cast<v4l2_format*>(argument);
      return isMultiPlanar(format.type) ? answerPlanes(format.fmt.pix_mp) : answerFormat(format.fmt.pix);
    }
    case VIDIOC_S_PARM:
    case VIDIOC_G_PARM: static_cast<v4l2_streamparm*>(argument)->parm.capture.timeperframe = anyInterval(); return;
    case VIDIOC_REQBUFS: static_cast<v4l2_requestbuffers*>(argument)->count = answers->byte() % 6; return;
    case VIDIOC_QUERYBUF: return answerLength(*static_cast<v4l2_buffer*>(argument));
    case VIDIOC_DQBUF: return answerFilledBuffer(*static_cast<v4l2_buffer*>(argument));
    default: return;
  }
}

/** Consumes a byte for each call, so that every run ends. */
bool fails() {
  if (answers->isEmpty()) {
    errno = ENODEV;
    return true;
  }
  const std::uint8_t kind = answers->byte();
  if (kind < 224) return false;
  errno = kErrors[kind % kErrors.size()];
  return true;
}

}  // namespace

extern "C" int __wrap_ioctl(int, unsigned long request, ...) {
  if (fails()) return -1;
  va_list arguments;
  va_start(arguments, request);
  answer(request, va_arg(arguments, void*));
  va_end(arguments);
  return 0;
}

extern "C" int __wrap_poll(pollfd* events, nfds_t count, int) {
  if (fails()) return -1;
  for (nfds_t i = 0; i < count; i++) events[i].revents = 0;
  const std::uint8_t kind = answers->byte();
  events[0].revents = kind < 240 ? POLLIN : static_cast<short>(kind);
  return kind == 255 ? 0 : 1;
}

/** Allocates from the heap, so that the sanitizer detects access beyond the end. */
extern "C" void* __wrap_mmap(void*, std::size_t length, int, int, int, off_t) {
  void* memory = length > 0 && length <= kMostBytes && !fails() ? std::calloc(length, 1) : nullptr;
  if (memory != nullptr) return memory;
  errno = ENOMEM;
  return reinterpret_cast<void*>(-1);
}

extern "C" int __wrap_munmap(void* start, std::size_t) {
  std::free(start);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static fuzz::GuardedMemory memory(kMostBytes);
  fuzz::Input input(data, size);
  answers = &input;
  CaptureConstraints constraints;
  constraints.width = 1 + static_cast<int>(input.number(2) % 4096);
  constraints.height = 1 + static_cast<int>(input.number(2) % 4096);
  constraints.fps = 1 + input.byte() % 120;
  if (input.byte() % 4 == 0) constraints.fourcc = "MJPG";
  try {
    V4l2Source source("/dev/null", constraints);
    const Mode& mode = source.mode();
    fuzz::demand(mode.width > 0 && mode.height > 0, "an open camera has a size");
    fuzz::demand(mode.fps > 0, "an open camera has a rate");
    const std::size_t bytes = i420Size(mode.width, mode.height);
    if (bytes > kMostBytes) return 0;
    const auto target = memory.last(bytes);
    while (source.wait(-1)) {
      if (input.byte() % 4 == 0) source.skip();
      else source.take(target.data(), nullptr);
    }
  } catch (const SystemError&) {
    // The expected result of a failing device. Any other exception ends the process.
  }
  return 0;
}
