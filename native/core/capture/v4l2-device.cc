// See v4l2-device.h. Reference: the kernel's V4L2 documentation, "Memory mapping" and "ioctl VIDIOC_…".
#include "capture/v4l2-device.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "system/system-error.h"
#include "capture/v4l2-formats.h"

namespace callnative {

namespace {

/** One is being filled, one is filled, one is being converted, one is spare. Drivers may give more or fewer. */
constexpr std::uint32_t kBuffers = 4;
/** Webcams take up to two seconds to their first frame. A camera silent for longer than this has hung. */
constexpr int kSilenceMs = 5000;
/** JPEG's limit for a side, ISO 10918-1. A driver that gives more is wrong. */
constexpr std::uint32_t kMostSide = 65'535;

bool isSide(std::uint32_t pixels) { return pixels >= 1 && pixels <= kMostSide; }

const char* nameOf(unsigned long request) {
  switch (request) {
    case VIDIOC_QUERYCAP: return "VIDIOC_QUERYCAP";
    case VIDIOC_S_FMT: return "VIDIOC_S_FMT";
    case VIDIOC_REQBUFS: return "VIDIOC_REQBUFS";
    case VIDIOC_QUERYBUF: return "VIDIOC_QUERYBUF";
    case VIDIOC_QBUF: return "VIDIOC_QBUF";
    case VIDIOC_DQBUF: return "VIDIOC_DQBUF";
    case VIDIOC_STREAMON: return "VIDIOC_STREAMON";
    default: return "ioctl";
  }
}

bool isFullRange(const v4l2_pix_format& format) {
  if (format.pixelformat == V4L2_PIX_FMT_MJPEG) return true;
  return format.quantization == V4L2_QUANTIZATION_FULL_RANGE ||
         (format.quantization == V4L2_QUANTIZATION_DEFAULT && format.colorspace == V4L2_COLORSPACE_JPEG);
}

v4l2_buffer captureBuffer(std::uint32_t index) {
  v4l2_buffer buffer{};
  buffer.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  buffer.memory = V4L2_MEMORY_MMAP;
  buffer.index = index;
  return buffer;
}

}  // namespace

MappedBuffer::MappedBuffer(MappedBuffer&& other) noexcept
    : start_(std::exchange(other.start_, nullptr)), length_(other.length_) {}

MappedBuffer::~MappedBuffer() {
  if (start_ != nullptr) ::munmap(start_, length_);
}

std::span<const std::uint8_t> MappedBuffer::bytes(std::size_t used) const {
  return {static_cast<const std::uint8_t*>(start_), std::min(used, length_)};
}

V4l2Device::V4l2Device(std::string path)
    : path_(std::move(path)), fd_(::open(path_.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC)) {
  if (fd_.get() < 0) throwErrno("open", path_);
}

V4l2Device::~V4l2Device() {
  if (!isStreaming_) return;
  int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  // An unplugged device refuses. Closing it stops the stream as well.
  tryControl(VIDIOC_STREAMOFF, &type);
}

bool V4l2Device::tryControl(unsigned long request, void* argument) const {
  int result = 0;
  do {
    result = ::ioctl(fd_.get(), request, argument);
  } while (result < 0 && errno == EINTR);
  return result >= 0;
}

void V4l2Device::control(unsigned long request, void* argument) const {
  if (!tryControl(request, argument)) throwErrno(nameOf(request), path_);
}

v4l2_capability V4l2Device::capability() const {
  v4l2_capability capability{};
  control(VIDIOC_QUERYCAP, &capability);
  return capability;
}

bool V4l2Device::capturesVideo(const v4l2_capability& capability) {
  const bool ownCaps = (capability.capabilities & V4L2_CAP_DEVICE_CAPS) != 0;
  const std::uint32_t caps = ownCaps ? capability.device_caps : capability.capabilities;
  constexpr std::uint32_t kNeeded = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
  return (caps & kNeeded) == kNeeded;
}

V4l2Format V4l2Device::configure(Mode& mode) const {
  v4l2_format format{};
  format.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  format.fmt.pix.width = static_cast<std::uint32_t>(mode.width);
  format.fmt.pix.height = static_cast<std::uint32_t>(mode.height);
  format.fmt.pix.pixelformat = fourccOf(mode.fourcc);
  format.fmt.pix.field = V4L2_FIELD_NONE;
  control(VIDIOC_S_FMT, &format);
  const v4l2_pix_format& pix = format.fmt.pix;
  if (!isConvertible(pix.pixelformat)) {
    throw SystemError("VIDIOC_S_FMT", 0, path_,
                      path_ + " delivers " + fourccName(pix.pixelformat) + " frames, expected one of YUYV, UYVY, NV12, YU12, MJPG");
  }
  if (!isSide(pix.width) || !isSide(pix.height)) {
    throw SystemError("VIDIOC_S_FMT", 0, path_,
                      path_ + " delivers frames of " + std::to_string(pix.width) + "x" + std::to_string(pix.height) +
                          ", expected sides from 1 to " + std::to_string(kMostSide));
  }
  mode = {static_cast<int>(pix.width), static_cast<int>(pix.height), setRate(mode.fps), fourccName(pix.pixelformat)};
  return {mode.width, mode.height, static_cast<int>(pix.bytesperline), pix.pixelformat, isFullRange(pix)};
}

/** Drivers with a single rate refuse this call. */
double V4l2Device::setRate(double fps) const {
  constexpr std::uint32_t kMillionth = 1000;
  v4l2_streamparm parameters{};
  parameters.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  parameters.parm.capture.timeperframe = {kMillionth, static_cast<std::uint32_t>(fps * kMillionth)};
  if (!tryControl(VIDIOC_S_PARM, &parameters)) return fps;
  const v4l2_fract& interval = parameters.parm.capture.timeperframe;
  if (interval.numerator == 0 || interval.denominator == 0) return fps;
  return static_cast<double>(interval.denominator) / interval.numerator;
}

void V4l2Device::startStreaming() {
  v4l2_requestbuffers request{};
  request.count = kBuffers;
  request.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  request.memory = V4L2_MEMORY_MMAP;
  control(VIDIOC_REQBUFS, &request);
  if (request.count < 2) throw SystemError("VIDIOC_REQBUFS", ENOMEM, path_);
  for (std::uint32_t index = 0; index < request.count; index++) mapBuffer(index);
  for (std::uint32_t index = 0; index < request.count; index++) {
    v4l2_buffer buffer = captureBuffer(index);
    enqueue(buffer);
  }
  int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  control(VIDIOC_STREAMON, &type);
  isStreaming_ = true;
}

void V4l2Device::mapBuffer(std::uint32_t index) {
  v4l2_buffer buffer = captureBuffer(index);
  control(VIDIOC_QUERYBUF, &buffer);
  void* start = ::mmap(nullptr, buffer.length, PROT_READ | PROT_WRITE, MAP_SHARED, fd_.get(), buffer.m.offset);
  if (start == MAP_FAILED) throwErrno("mmap", path_);
  mapped_.emplace_back(start, buffer.length);
}

bool V4l2Device::wait(int stopFd) const {
  pollfd events[2] = {{fd_.get(), POLLIN, 0}, {stopFd, POLLIN, 0}};
  int result = 0;
  do {
    result = ::poll(events, 2, kSilenceMs);
  } while (result < 0 && errno == EINTR);
  if (result < 0) throwErrno("poll", path_);
  if (events[1].revents != 0) return false;
  if (result == 0) throw SystemError("poll", ETIMEDOUT, path_);
  if ((events[0].revents & POLLIN) != 0) return true;
  // Only an error is set: the next DQBUF returns it. If DQBUF succeeds or has nothing, the device is gone.
  v4l2_buffer buffer{};
  if (dequeue(buffer)) {
    enqueue(buffer);
    return true;
  }
  throw SystemError("poll", EIO, path_);
}

bool V4l2Device::dequeue(v4l2_buffer& buffer) const {
  buffer = captureBuffer(0);
  if (tryControl(VIDIOC_DQBUF, &buffer)) {
    if (buffer.index < mapped_.size()) return true;
    throw SystemError("VIDIOC_DQBUF", 0, path_,
                      path_ + " returned buffer " + std::to_string(buffer.index) + " of " + std::to_string(mapped_.size()));
  }
  if (errno == EAGAIN) return false;
  throwErrno("VIDIOC_DQBUF", path_);
}

void V4l2Device::enqueue(v4l2_buffer& buffer) const { control(VIDIOC_QBUF, &buffer); }

}  // namespace callnative
