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

std::uint32_t capabilitiesOf(const v4l2_capability& capability) {
  const bool ownCaps = (capability.capabilities & V4L2_CAP_DEVICE_CAPS) != 0;
  return ownCaps ? capability.device_caps : capability.capabilities;
}

}  // namespace

MappedBuffer::MappedBuffer(MappedBuffer&& other) noexcept
    : start_(std::exchange(other.start_, nullptr)), length_(other.length_) {}

MappedBuffer::~MappedBuffer() {
  if (start_ != nullptr) ::munmap(start_, length_);
}

std::span<const std::uint8_t> MappedBuffer::bytes(std::size_t offset, std::size_t end) const {
  const std::span all(static_cast<const std::uint8_t*>(start_), std::min(end, length_));
  return all.subspan(std::min(offset, all.size()));
}

V4l2Device::V4l2Device(std::string path)
    : path_(std::move(path)), fd_(::open(path_.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC)) {
  if (fd_.get() < 0) throwErrno("open", path_);
  control(VIDIOC_QUERYCAP, &capability_);
  const std::uint32_t caps = capabilitiesOf(capability_);
  const bool onlyMultiPlanar = (caps & V4L2_CAP_VIDEO_CAPTURE) == 0 && (caps & V4L2_CAP_VIDEO_CAPTURE_MPLANE) != 0;
  if (onlyMultiPlanar) type_ = V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE;
}

V4l2Device::~V4l2Device() {
  if (!isStreaming_) return;
  std::uint32_t type = type_;
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

bool V4l2Device::capturesVideo() const {
  const std::uint32_t caps = capabilitiesOf(capability_);
  // Codecs have a second end. So has a loopback device, which is a camera and has the single-planar interface.
  constexpr std::uint32_t kConverter = V4L2_CAP_VIDEO_M2M_MPLANE | V4L2_CAP_VIDEO_OUTPUT_MPLANE;
  const bool captures = (caps & (V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_VIDEO_CAPTURE_MPLANE)) != 0;
  const bool isConverter = isMultiPlanar() && (caps & kConverter) != 0;
  return captures && !isConverter && (caps & V4L2_CAP_STREAMING) != 0;
}

DriverFormat V4l2Device::setFormat(const Mode& mode, std::uint32_t field) const {
  DriverFormat wanted;
  wanted.width = static_cast<std::uint32_t>(mode.width);
  wanted.height = static_cast<std::uint32_t>(mode.height);
  wanted.fourcc = fourccOf(mode.fourcc);
  wanted.field = field;
  v4l2_format format = asRequest(type_, wanted);
  control(VIDIOC_S_FMT, &format);
  return asAnswered(format);
}

DriverFormat V4l2Device::configure(Mode& mode) const {
  DriverFormat driver = setFormat(mode, V4L2_FIELD_NONE);
  // A driver that can join the fields does it at no cost.
  if (hasSeparateFields(driver)) driver = setFormat(mode, V4L2_FIELD_INTERLACED);
  requireShowable(driver, path_);
  mode = {static_cast<int>(driver.width), static_cast<int>(driver.height), setRate(mode.fps), fourccName(driver.fourcc)};
  return driver;
}

/** Drivers with a single rate refuse this call. */
double V4l2Device::setRate(double fps) const {
  constexpr std::uint32_t kMillionth = 1000;
  v4l2_streamparm parameters{};
  parameters.type = type_;
  parameters.parm.capture.timeperframe = {kMillionth, static_cast<std::uint32_t>(fps * kMillionth)};
  if (!tryControl(VIDIOC_S_PARM, &parameters)) return fps;
  const v4l2_fract& interval = parameters.parm.capture.timeperframe;
  const double rate = interval.numerator > 0 ? static_cast<double>(interval.denominator) / interval.numerator : 0;
  return isPlausibleRate(rate) ? rate : fps;
}

PlaneLengths V4l2Device::mapBuffers(int planes) {
  planes_ = planes;
  v4l2_requestbuffers request{};
  request.count = kBuffers;
  request.type = type_;
  request.memory = V4L2_MEMORY_MMAP;
  control(VIDIOC_REQBUFS, &request);
  if (request.count < 2) throw SystemError("VIDIOC_REQBUFS", ENOMEM, path_);
  for (std::uint32_t index = 0; index < request.count; index++) mapBuffer(index);
  PlaneLengths lengths{};
  for (std::size_t plane = 0; plane < static_cast<std::size_t>(planes_); plane++) {
    const auto shorter = [&](const auto& one, const auto& other) { return one[plane].length() < other[plane].length(); };
    lengths[plane] = (*std::min_element(mapped_.begin(), mapped_.end(), shorter))[plane].length();
  }
  return lengths;
}

void V4l2Device::startStreaming() {
  for (std::uint32_t index = 0; index < mapped_.size(); index++) {
    DeviceBuffer buffer;
    prepare(buffer, index);
    enqueue(buffer);
  }
  std::uint32_t type = type_;
  control(VIDIOC_STREAMON, &type);
  isStreaming_ = true;
}

void V4l2Device::prepare(DeviceBuffer& buffer, std::uint32_t index) const {
  buffer = {};
  buffer.info.type = type_;
  buffer.info.memory = V4L2_MEMORY_MMAP;
  buffer.info.index = index;
}

void V4l2Device::mapBuffer(std::uint32_t index) {
  DeviceBuffer buffer;
  prepare(buffer, index);
  controlBuffer(VIDIOC_QUERYBUF, buffer);
  auto& planes = mapped_.emplace_back();
  for (int plane = 0; plane < planes_; plane++) {
    const v4l2_plane& info = buffer.planes[static_cast<std::size_t>(plane)];
    const std::size_t length = isMultiPlanar() ? info.length : buffer.info.length;
    const auto offset = static_cast<off_t>(isMultiPlanar() ? info.m.mem_offset : buffer.info.m.offset);
    void* start = ::mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd_.get(), offset);
    if (start == MAP_FAILED) throwErrno("mmap", path_);
    planes.emplace_back(start, length);
  }
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
  DeviceBuffer buffer;
  if (dequeue(buffer)) {
    enqueue(buffer);
    return true;
  }
  throw SystemError("poll", EIO, path_);
}

bool V4l2Device::tryBuffer(unsigned long request, DeviceBuffer& buffer) const {
  if (isMultiPlanar()) {
    // Set before each call, since the buffer may have been copied.
    buffer.info.m.planes = buffer.planes.data();
    buffer.info.length = static_cast<std::uint32_t>(planes_);
  }
  return tryControl(request, &buffer.info);
}

void V4l2Device::controlBuffer(unsigned long request, DeviceBuffer& buffer) const {
  if (!tryBuffer(request, buffer)) throwErrno(nameOf(request), path_);
}

bool V4l2Device::dequeue(DeviceBuffer& buffer) const {
  prepare(buffer, 0);
  if (tryBuffer(VIDIOC_DQBUF, buffer)) {
    if (buffer.info.index < mapped_.size()) return true;
    throw SystemError("VIDIOC_DQBUF", 0, path_,
                      path_ + " returned buffer " + std::to_string(buffer.info.index) + " of " + std::to_string(mapped_.size()));
  }
  if (errno == EAGAIN) return false;
  throwErrno("VIDIOC_DQBUF", path_);
}

void V4l2Device::enqueue(DeviceBuffer& buffer) const { controlBuffer(VIDIOC_QBUF, buffer); }

FrameBytes V4l2Device::bytesIn(const DeviceBuffer& buffer) const {
  FrameBytes bytes;
  const std::vector<MappedBuffer>& planes = mapped_.at(buffer.info.index);
  if (!isMultiPlanar()) {
    bytes[0] = planes[0].bytes(0, buffer.info.bytesused);
    return bytes;
  }
  for (std::size_t plane = 0; plane < planes.size(); plane++) {
    const v4l2_plane& info = buffer.planes[plane];
    bytes[plane] = planes[plane].bytes(info.data_offset, info.bytesused);
  }
  return bytes;
}

}  // namespace callnative
