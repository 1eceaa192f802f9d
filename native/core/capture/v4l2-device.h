// One V4L2 node: open, query, and stream from memory-mapped buffers. The destructor undoes everything.
#pragma once

#include <linux/videodev2.h>

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "capture/driver-format.h"
#include "pixels/frame.h"
#include "raw/raw-format.h"
#include "system/unique-fd.h"

namespace callnative {

/** A mapped buffer. The destructor unmaps it. */
class MappedBuffer {
 public:
  MappedBuffer(void* start, std::size_t length) noexcept : start_(start), length_(length) {}
  MappedBuffer(MappedBuffer&& other) noexcept;
  MappedBuffer& operator=(MappedBuffer&&) = delete;
  MappedBuffer(const MappedBuffer&) = delete;
  MappedBuffer& operator=(const MappedBuffer&) = delete;
  ~MappedBuffer();

  std::size_t length() const { return length_; }
  /** Those from `offset` to `end`, as far as they are mapped. */
  std::span<const std::uint8_t> bytes(std::size_t offset, std::size_t end) const;

 private:
  void* start_;
  std::size_t length_;
};

/** A filled buffer, with room for what the driver says of its planes. May be copied. */
struct DeviceBuffer {
  v4l2_buffer info{};
  std::array<v4l2_plane, kMostPlanes> planes{};
};

class V4l2Device {
 public:
  /** open(2) and VIDIOC_QUERYCAP. Throws SystemError, also when the node is not a V4L2 device. */
  explicit V4l2Device(std::string path);
  V4l2Device(const V4l2Device&) = delete;
  V4l2Device& operator=(const V4l2Device&) = delete;
  ~V4l2Device();

  const std::string& path() const { return path_; }
  const v4l2_capability& capability() const { return capability_; }
  /** Whether this node itself captures video and can stream. Codecs and scalers do not count. */
  bool capturesVideo() const;
  /** V4L2_BUF_TYPE_VIDEO_CAPTURE, or …_MPLANE for a device that knows only that. */
  std::uint32_t type() const { return type_; }

  /** VIDIOC_S_FMT and VIDIOC_S_PARM. `mode` becomes the mode that the driver chose. Throws SystemError, with code 0 for a mode
   *  that cannot be shown. */
  DriverFormat configure(Mode& mode) const;
  /** VIDIOC_REQBUFS, QUERYBUF, mmap. Returns the lengths of the shortest buffer. */
  PlaneLengths mapBuffers(int planes);
  /** VIDIOC_QBUF for each buffer, STREAMON. */
  void startStreaming();

  /** Waits for a filled buffer; false when `stopFd` became readable. Throws when the device is gone or stays silent. */
  bool wait(int stopFd) const;
  /** VIDIOC_DQBUF; false when no buffer is ready. */
  bool dequeue(DeviceBuffer& buffer) const;
  void enqueue(DeviceBuffer& buffer) const;
  /** The frame in a dequeued buffer, until enqueue(). */
  FrameBytes bytesIn(const DeviceBuffer& buffer) const;

  /** ioctl(2), repeated on EINTR. On failure returns false with errno set. */
  bool tryControl(unsigned long request, void* argument) const;

 private:
  void control(unsigned long request, void* argument) const;
  bool isMultiPlanar() const { return type_ == V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE; }
  DriverFormat setFormat(const Mode& mode, std::uint32_t field) const;
  double setRate(double fps) const;
  /** Makes `buffer` ready for an ioctl. */
  void prepare(DeviceBuffer& buffer, std::uint32_t index) const;
  /** As tryControl() and control(), for the ioctls of buffers. */
  bool tryBuffer(unsigned long request, DeviceBuffer& buffer) const;
  void controlBuffer(unsigned long request, DeviceBuffer& buffer) const;
  void mapBuffer(std::uint32_t index);

  std::string path_;
  UniqueFd fd_;
  v4l2_capability capability_{};
  std::uint32_t type_ = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  int planes_ = 1;
  /** The planes of each buffer. */
  std::vector<std::vector<MappedBuffer>> mapped_;
  bool isStreaming_ = false;
};

}  // namespace callnative
