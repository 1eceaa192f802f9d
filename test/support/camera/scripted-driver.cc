// A V4L2 driver for LD_PRELOAD, for what neither vivid nor v4l2loopback does: fields, and figures that contradict each other.
// The name of a device below /scripted/ describes it as `key=value` with commas; `valueOf` names the keys' defaults. A frame
// shows gradients that are written again in scripted-cameras.ts.
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "format-definitions.h"

namespace {

using definitions::Definition;
using definitions::Layout;
using definitions::Plane;

constexpr std::string_view kFolder = "/scripted/";
constexpr long kFrameNs = 10'000'000;
constexpr std::size_t kPage = 4096;
constexpr std::uint32_t kMostBuffers = 4;

template <typename Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

class Device {
 public:
  explicit Device(std::string description) : description_(std::move(description)) {
    const std::string fourcc = valueOf("fourcc", "YUYV");
    fourcc_ = v4l2_fourcc(fourcc[0], fourcc[1], fourcc[2], fourcc[3]);
    const auto* found = std::find_if(std::begin(definitions::kDefinitions), std::end(definitions::kDefinitions),
                                     [&](const Definition& one) { return one.fourcc == fourcc_; });
    definition_ = found == std::end(definitions::kDefinitions) ? nullptr : found;
    if (definition_ != nullptr) planes_ = definitions::planesOf(*definition_, width(), height(), number("padding", 0));
  }

  int control(int fd, unsigned long request, void* argument) {
    switch (request) {
      case VIDIOC_QUERYCAP: return queryCapability(*static_cast<v4l2_capability*>(argument));
      case VIDIOC_ENUM_FMT: return enumerateFormat(*static_cast<v4l2_fmtdesc*>(argument));
      case VIDIOC_ENUM_FRAMESIZES: return enumerateSize(*static_cast<v4l2_frmsizeenum*>(argument));
      case VIDIOC_ENUM_FRAMEINTERVALS: return enumerateInterval(*static_cast<v4l2_frmivalenum*>(argument));
      case VIDIOC_S_FMT: return setFormat(*static_cast<v4l2_format*>(argument));
      case VIDIOC_S_PARM: static_cast<v4l2_streamparm*>(argument)->parm.capture.timeperframe = interval(); return 0;
      case VIDIOC_REQBUFS: return requestBuffers(*static_cast<v4l2_requestbuffers*>(argument));
      case VIDIOC_QUERYBUF: return queryBuffer(*static_cast<v4l2_buffer*>(argument));
      case VIDIOC_QBUF: queued_.push_back(static_cast<v4l2_buffer*>(argument)->index); return 0;
      case VIDIOC_DQBUF: return dequeue(fd, *static_cast<v4l2_buffer*>(argument));
      case VIDIOC_STREAMON:
      case VIDIOC_STREAMOFF: return 0;
      default: return failed(ENOTTY);
    }
  }

  /** Memory of the plane at that offset. The caller unmaps it as it would a device's. */
  void* map(std::size_t length, off_t offset) {
    void* memory = next<decltype(&::mmap)>("mmap")(nullptr, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memory_[static_cast<std::size_t>(offset) / kPage] = static_cast<std::uint8_t*>(memory);
    return memory;
  }

 private:
  std::string valueOf(std::string_view key, std::string_view missing) const {
    const std::string search = "," + std::string(key) + "=";
    const std::string all = "," + description_;
    const std::size_t found = all.find(search);
    if (found == std::string::npos) return std::string(missing);
    const std::size_t start = found + search.size();
    return all.substr(start, all.find(',', start) - start);
  }
  int number(std::string_view key, int missing) const { return std::atoi(valueOf(key, std::to_string(missing)).c_str()); }
  int width() const { return number("width", 160); }
  /** Lines in a buffer. */
  int height() const { return number("height", 120); }
  bool isMultiPlanar() const { return number("mplane", 0) != 0; }
  std::uint32_t field() const { return static_cast<std::uint32_t>(number("field", V4L2_FIELD_NONE)); }
  v4l2_fract interval() const {
    return {static_cast<std::uint32_t>(number("numerator", 1)), static_cast<std::uint32_t>(number("denominator", 30))};
  }
  int memoryPlanes() const { return definition_ != nullptr && definition_->isInSeveral ? static_cast<int>(planes_.size()) : 1; }

  static int failed(int code) {
    errno = code;
    return -1;
  }

  std::uint32_t sizeOf(int memory) const {
    std::uint32_t size = 0;
    for (const Plane& plane : planes_) {
      if (plane.memory == memory) size = std::max(size, static_cast<std::uint32_t>(plane.offset + plane.stride * plane.rows));
    }
    return size;
  }
  std::uint32_t lengthOf(int memory) const { return static_cast<std::uint32_t>(number("length", static_cast<int>(sizeOf(memory)))) + dataOffset(); }
  std::uint32_t dataOffset() const { return static_cast<std::uint32_t>(number("offset", 0)); }

  int queryCapability(v4l2_capability& capability) const {
    std::strcpy(reinterpret_cast<char*>(capability.card), "scripted");
    capability.capabilities = V4L2_CAP_STREAMING | (isMultiPlanar() ? V4L2_CAP_VIDEO_CAPTURE_MPLANE : V4L2_CAP_VIDEO_CAPTURE);
    capability.capabilities |= static_cast<std::uint32_t>(number("capabilities", 0));
    return 0;
  }

  int enumerateFormat(v4l2_fmtdesc& entry) const {
    const std::uint32_t type = isMultiPlanar() ? V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE : V4L2_BUF_TYPE_VIDEO_CAPTURE;
    if (entry.index > 0 || entry.type != type) return failed(EINVAL);
    entry.pixelformat = fourcc_;
    return 0;
  }

  int enumerateSize(v4l2_frmsizeenum& entry) const {
    if (entry.index > 0) return failed(EINVAL);
    entry.type = V4L2_FRMSIZE_TYPE_DISCRETE;
    entry.discrete = {static_cast<std::uint32_t>(width()), static_cast<std::uint32_t>(height())};
    return 0;
  }

  int enumerateInterval(v4l2_frmivalenum& entry) const {
    if (entry.index > 0) return failed(EINVAL);
    entry.type = V4L2_FRMIVAL_TYPE_DISCRETE;
    entry.discrete = interval();
    return 0;
  }

  int setFormat(v4l2_format& format) const {
    const auto line = [&](std::size_t plane) {
      const int own = plane < planes_.size() ? planes_[plane].stride : 0;
      return static_cast<std::uint32_t>(plane == 0 ? number("line", own) : own);
    };
    const auto image = [&](int memory) { return static_cast<std::uint32_t>(number("image", static_cast<int>(sizeOf(memory)))); };
    if (!isMultiPlanar()) {
      v4l2_pix_format& pix = format.fmt.pix;
      pix.width = static_cast<std::uint32_t>(width());
      pix.height = static_cast<std::uint32_t>(height());
      pix.pixelformat = fourcc_;
      pix.field = field();
      pix.bytesperline = line(0);
      pix.sizeimage = image(0);
      return 0;
    }
    v4l2_pix_format_mplane& pix = format.fmt.pix_mp;
    pix.width = static_cast<std::uint32_t>(width());
    pix.height = static_cast<std::uint32_t>(height());
    pix.pixelformat = fourcc_;
    pix.field = field();
    pix.num_planes = static_cast<std::uint8_t>(memoryPlanes());
    for (int memory = 0; memory < memoryPlanes(); memory++) {
      pix.plane_fmt[memory].bytesperline = line(static_cast<std::size_t>(memory));
      pix.plane_fmt[memory].sizeimage = image(memory);
    }
    return 0;
  }

  int requestBuffers(v4l2_requestbuffers& request) const {
    request.count = std::min(request.count, kMostBuffers);
    return 0;
  }

  static std::uint32_t pageOf(std::uint32_t buffer, int memory) { return buffer * 3 + static_cast<std::uint32_t>(memory); }

  int queryBuffer(v4l2_buffer& buffer) const {
    if (!isMultiPlanar()) {
      buffer.length = lengthOf(0);
      buffer.m.offset = static_cast<std::uint32_t>(pageOf(buffer.index, 0) * kPage);
      return 0;
    }
    for (int memory = 0; memory < memoryPlanes(); memory++) {
      buffer.m.planes[memory].length = lengthOf(memory);
      buffer.m.planes[memory].m.mem_offset = static_cast<std::uint32_t>(pageOf(buffer.index, memory) * kPage);
    }
    return 0;
  }

  int dequeue(int fd, v4l2_buffer& buffer) {
    std::uint64_t due = 0;
    if (queued_.empty() || ::read(fd, &due, sizeof due) != sizeof due) return failed(EAGAIN);
    buffer.index = queued_.front();
    queued_.pop_front();
    // Each fourth field is lost, if any is. So the third and the fifth, both upper ones, follow each other.
    if (number("lossy", 0) != 0 && sequence_ % 4 == 3) sequence_++;
    const bool isLower = sequence_ % 2 != 0;
    buffer.sequence = sequence_++;
    buffer.field = field() != V4L2_FIELD_ALTERNATE ? field() : static_cast<std::uint32_t>(isLower ? V4L2_FIELD_BOTTOM : V4L2_FIELD_TOP);
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    buffer.timestamp = {now.tv_sec, now.tv_nsec / 1000};
    buffer.flags = V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
    draw(buffer);
    for (int memory = 0; memory < memoryPlanes(); memory++) {
      const std::uint32_t used = std::min(sizeOf(memory) + dataOffset(), lengthOf(memory));
      if (!isMultiPlanar()) buffer.bytesused = used;
      else buffer.m.planes[memory].bytesused = used;
      if (isMultiPlanar()) buffer.m.planes[memory].data_offset = dataOffset();
    }
    return 0;
  }

  /** The frame's line that is in the given line of the buffer. */
  int frameLine(const v4l2_buffer& buffer, int line) const {
    const int fieldLines = height() / 2;
    switch (buffer.field) {
      case V4L2_FIELD_TOP: return 2 * line;
      case V4L2_FIELD_BOTTOM: return 2 * line + 1;
      case V4L2_FIELD_SEQ_TB: return line < fieldLines ? 2 * line : 2 * (line - fieldLines) + 1;
      case V4L2_FIELD_SEQ_BT: return line < fieldLines ? 2 * line + 1 : 2 * (line - fieldLines);
      default: return line;
    }
  }

  void draw(const v4l2_buffer& buffer) {
    for (std::size_t plane = 0; plane < planes_.size(); plane++) {
      const Plane& lines = planes_[plane];
      std::uint8_t* start = memory_[pageOf(buffer.index, lines.memory)];
      if (start == nullptr || lines.offset + lines.stride * lines.rows + static_cast<int>(dataOffset()) > static_cast<int>(lengthOf(lines.memory))) continue;
      for (int row = 0; row < lines.rows; row++) {
        std::uint8_t* line = start + dataOffset() + lines.offset + lines.stride * row;
        for (int at = 0; at < lines.used; at++) line[at] = sample(plane, at, frameLine(buffer, row));
      }
    }
  }

  static int luma(int x, int line) { return 30 + (2 * x + 3 * line) % 180; }
  /** The same on all lines, so that it does not depend on which lines share their chroma. */
  static int chroma(int x, bool isV) { return isV ? 200 - x % 120 : 60 + x % 120; }

  /** Byte `at` of a line. */
  std::uint8_t sample(std::size_t plane, int at, int line) const {
    const auto& places = definition_->at;
    const auto value = [&] {
      switch (definition_->layout) {
        case Layout::packed: {
          const int place = at % 4;
          if (place % 2 == places[0] % 2) return luma(at / 2, line);
          return chroma(at / 4, place == places[2]);
        }
        case Layout::semiPlanar: return plane == 0 ? luma(at, line) : chroma(at / 2, at % 2 == places[2]);
        case Layout::planar: return plane == 0 ? luma(at, line) : chroma(at, static_cast<int>(plane) == places[2]);
        case Layout::rgb: return luma(at / definition_->bytesPerPixel, line);
        case Layout::grey: break;
      }
      return luma(at, line);
    };
    return static_cast<std::uint8_t>(value());
  }

  std::string description_;
  std::uint32_t fourcc_ = 0;
  const Definition* definition_ = nullptr;
  std::vector<Plane> planes_;
  std::deque<std::uint32_t> queued_;
  std::array<std::uint8_t*, kMostBuffers * 3> memory_{};
  std::uint32_t sequence_ = 0;
};

std::mutex mutex;
std::map<int, std::shared_ptr<Device>> devices;

std::shared_ptr<Device> deviceAt(int fd) {
  const std::lock_guard lock(mutex);
  const auto found = devices.find(fd);
  return found == devices.end() ? nullptr : found->second;
}

/** A timer, so that poll(2) waits for the next frame as it does on a device. */
int openDevice(std::string_view path) {
  const int fd = ::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  const itimerspec each{{0, kFrameNs}, {0, kFrameNs}};
  ::timerfd_settime(fd, 0, &each, nullptr);
  const std::lock_guard lock(mutex);
  devices[fd] = std::make_shared<Device>(std::string(path.substr(kFolder.size())));
  return fd;
}

int openPath(const char* name, const char* path, int flags, mode_t mode) {
  if (std::string_view(path).starts_with(kFolder)) return openDevice(path);
  return next<int (*)(const char*, int, ...)>(name)(path, flags, mode);
}

}  // namespace

extern "C" int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = va_arg(arguments, mode_t);
  va_end(arguments);
  return openPath("open", path, flags, mode);
}

extern "C" int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = va_arg(arguments, mode_t);
  va_end(arguments);
  return openPath("open64", path, flags, mode);
}

extern "C" int close(int fd) {
  {
    const std::lock_guard lock(mutex);
    devices.erase(fd);
  }
  return next<decltype(&::close)>("close")(fd);
}

extern "C" int ioctl(int fd, unsigned long request, ...) noexcept {
  va_list arguments;
  va_start(arguments, request);
  void* argument = va_arg(arguments, void*);
  va_end(arguments);
  if (const auto device = deviceAt(fd)) return device->control(fd, request, argument);
  return next<int (*)(int, unsigned long, ...)>("ioctl")(fd, request, argument);
}

extern "C" void* mmap(void* start, std::size_t length, int protection, int flags, int fd, off_t offset) noexcept {
  if (fd >= 0) {
    if (const auto device = deviceAt(fd)) return device->map(length, offset);
  }
  return next<decltype(&::mmap)>("mmap")(start, length, protection, flags, fd, offset);
}

extern "C" void* mmap64(void* start, std::size_t length, int protection, int flags, int fd, off64_t offset) noexcept {
  return mmap(start, length, protection, flags, fd, offset);
}
