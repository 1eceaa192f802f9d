// One V4L2 node: open, query, and stream from memory-mapped buffers. The destructor undoes everything.
#pragma once

#include <linux/videodev2.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "pixels/frame.h"
#include "system/unique-fd.h"

namespace callnative {

/** The format that the driver chose. */
struct V4l2Format {
  int width;
  int height;
  int bytesPerLine;
  std::uint32_t fourcc;
  bool isFullRange;
};

/** A mapped buffer. The destructor unmaps it. */
class MappedBuffer {
 public:
  MappedBuffer(void* start, std::size_t length) noexcept : start_(start), length_(length) {}
  MappedBuffer(MappedBuffer&& other) noexcept;
  MappedBuffer& operator=(MappedBuffer&&) = delete;
  MappedBuffer(const MappedBuffer&) = delete;
  MappedBuffer& operator=(const MappedBuffer&) = delete;
  ~MappedBuffer();

  std::span<const std::uint8_t> bytes(std::size_t used) const;

 private:
  void* start_;
  std::size_t length_;
};

class V4l2Device {
 public:
  /** open(2). Throws SystemError. */
  explicit V4l2Device(std::string path);
  V4l2Device(const V4l2Device&) = delete;
  V4l2Device& operator=(const V4l2Device&) = delete;
  ~V4l2Device();

  const std::string& path() const { return path_; }

  /** VIDIOC_QUERYCAP. Throws when the node is not a V4L2 device. */
  v4l2_capability capability() const;
  /** Whether this node itself captures video into one plane and can stream. */
  static bool capturesVideo(const v4l2_capability& capability);

  /** VIDIOC_S_FMT and VIDIOC_S_PARM. `mode` becomes the mode that the driver chose. */
  V4l2Format configure(Mode& mode) const;
  /** VIDIOC_REQBUFS, QUERYBUF, mmap, QBUF, STREAMON. */
  void startStreaming();

  /** Waits for a filled buffer; false when `stopFd` became readable. Throws when the device is gone or stays silent. */
  bool wait(int stopFd) const;
  /** VIDIOC_DQBUF; false when no buffer is ready. */
  bool dequeue(v4l2_buffer& buffer) const;
  void enqueue(v4l2_buffer& buffer) const;
  const MappedBuffer& mapped(std::uint32_t index) const { return mapped_.at(index); }

  /** ioctl(2), repeated on EINTR. On failure returns false with errno set. */
  bool tryControl(unsigned long request, void* argument) const;

 private:
  void control(unsigned long request, void* argument) const;
  void mapBuffer(std::uint32_t index);
  double setRate(double fps) const;

  std::string path_;
  UniqueFd fd_;
  std::vector<MappedBuffer> mapped_;
  bool isStreaming_ = false;
};

}  // namespace callnative
