// See node-source.h.
#include "node-source.h"

#include <linux/videodev2.h>
#include <poll.h>
#include <spa/buffer/meta.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>
#include <vector>

#include "capture/mode-choice.h"
#include "system/clock.h"

namespace callnative {

namespace {

/** The session manager connects a stream within milliseconds. A camera that has to wake up takes longer. */
constexpr std::chrono::seconds kMostWait{5};
/** A screen shows itself at once, or not before something on it changes. */
constexpr std::chrono::seconds kFirstOfScreen{1};
constexpr double kUnknownRate = 30;
/** A time stamp that is older is not on the monotonic clock. */
constexpr std::int64_t kOldestNs = 2 * kNsPerSecond;
/** A camera's JPEG rarely exceeds half a byte per pixel. A larger one is passed on as pixels only. */
constexpr std::size_t kJpegHeaders = 64 * 1024;

Size sizeOf(const V4l2Format& format) { return {format.width, format.height}; }

/** The header's time stamp as Unix time, or the current time if it has none on the monotonic clock. */
std::int64_t captureTimeUs(const spa_meta_header* header) {
  const std::int64_t ageNs = header == nullptr ? -1 : monotonicNs() - header->pts;
  return unixTimeUs() - (ageNs >= 0 && ageNs <= kOldestNs ? ageNs / 1000 : 0);
}

const spa_meta_header* headerOf(const spa_buffer& buffer) {
  return static_cast<const spa_meta_header*>(spa_buffer_find_meta_data(&buffer, SPA_META_Header, sizeof(spa_meta_header)));
}

/** A compositor also sends buffers in which only the pointer has moved. They hold no picture. */
bool hasPicture(const spa_buffer& buffer) {
  return buffer.n_datas > 0 && buffer.datas[0].chunk != nullptr && buffer.datas[0].chunk->size > 0;
}

bool isMarkedFaulty(const spa_buffer& buffer) {
  const spa_meta_header* header = headerOf(buffer);
  const bool isHeaderMarked = header != nullptr && (header->flags & SPA_META_HEADER_FLAG_CORRUPTED) != 0;
  return isHeaderMarked || (static_cast<std::uint32_t>(buffer.datas[0].chunk->flags) & SPA_CHUNK_FLAG_CORRUPTED) != 0;
}

/** The name of the format with each plane in a block of its own; 0 for none. */
std::uint32_t separatePlanes(std::uint32_t fourcc) {
  switch (fourcc) {
    case V4L2_PIX_FMT_NV12: return V4L2_PIX_FMT_NV12M;
    case V4L2_PIX_FMT_NV21: return V4L2_PIX_FMT_NV21M;
    case V4L2_PIX_FMT_NV16: return V4L2_PIX_FMT_NV16M;
    case V4L2_PIX_FMT_YUV420: return V4L2_PIX_FMT_YUV420M;
    case V4L2_PIX_FMT_YVU420: return V4L2_PIX_FMT_YVU420M;
    default: return 0;
  }
}

/** The format of one buffer: its lines, and whether its planes come in blocks of their own. */
V4l2Format formatOf(V4l2Format format, const spa_buffer& buffer) {
  format.bytesPerLine = std::max(0, buffer.datas[0].chunk->stride);
  const std::uint32_t separate = buffer.n_datas > 1 ? separatePlanes(format.fourcc) : 0;
  if (separate == 0) return format;
  format.fourcc = separate;
  for (std::uint32_t block = 1; block < std::min<std::uint32_t>(buffer.n_datas, kMostPlanes); block++) {
    const spa_chunk* chunk = buffer.datas[block].chunk;
    format.chromaBytesPerLine[block - 1] = chunk == nullptr ? 0 : std::max(0, chunk->stride);
  }
  return format;
}

pw_properties* streamProperties(bool isCamera) {
  return pw_properties_new(PW_KEY_MEDIA_TYPE, "Video", PW_KEY_MEDIA_CATEGORY, "Capture", PW_KEY_MEDIA_ROLE, isCamera ? "Camera" : "Screen",
                           PW_KEY_NODE_NAME, "goop-call-plugin", PW_KEY_APP_NAME, "Goop call plugin", nullptr);
}

const char* wordsFor(pw_stream_state state) { return pw_stream_state_as_string(state); }

}  // namespace

NodeSource::NodeSource(std::shared_ptr<PipeWireConnection> connection, NodeChoice node, const CaptureConstraints& constraints)
    : connection_(std::move(connection)), node_(std::move(node)), wakeFd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (wakeFd_.get() < 0) throwErrno("eventfd", node_.path);
  {
    const PipeWireConnection::Locked lock(*connection_);
    createStream(constraints);
  }
  try {
    mode_ = waitForMode(constraints);
  } catch (const SystemError&) {
    const PipeWireConnection::Locked lock(*connection_);
    destroyStream();
    throw;
  }
}

NodeSource::~NodeSource() {
  const PipeWireConnection::Locked lock(*connection_);
  destroyStream();
}

void NodeSource::createStream(const CaptureConstraints& constraints) {
  static const pw_stream_events kEvents = [] {
    pw_stream_events events{};
    events.version = PW_VERSION_STREAM_EVENTS;
    events.state_changed = [](void* self, pw_stream_state, pw_stream_state state, const char* error) {
      static_cast<NodeSource*>(self)->onState(state, error);
    };
    events.param_changed = [](void* self, std::uint32_t id, const spa_pod* param) {
      if (id == SPA_PARAM_Format) static_cast<NodeSource*>(self)->onFormat(param);
    };
    events.add_buffer = [](void* self, pw_buffer* buffer) { static_cast<NodeSource*>(self)->onAddBuffer(buffer); };
    events.remove_buffer = [](void* self, pw_buffer* buffer) { static_cast<NodeSource*>(self)->onRemoveBuffer(buffer); };
    events.process = [](void* self) { static_cast<NodeSource*>(self)->onProcess(); };
    return events;
  }();
  if (connection_->core() == nullptr) throw SystemError("pw_stream_connect", ECONNRESET, node_.path);
  const SourceNode* known = connection_->nodes()->find(node_.id);
  // A portal hides the nodes of others, and its own may be of another kind. A camera is in the list or has gone.
  if (known == nullptr && node_.isContinuous) throw SystemError("pw_stream_connect", ENODEV, node_.path);
  Mode wanted{constraints.width, constraints.height, constraints.fps, "YUYV"};
  if (known != nullptr) {
    const std::vector<Mode> modes = modesOf(known->formats, &constraints);
    if (const auto chosen = chooseMode(modes, constraints)) wanted = *chosen;
    else throw SystemError("pw_stream_connect", EPROTO, node_.path);
  }
  pw_properties* properties = streamProperties(node_.isContinuous);
  std::uint32_t target = node_.id;
  if (known != nullptr && !known->serial.empty()) {
    pw_properties_set(properties, "target.object", known->serial.c_str());
    target = PW_ID_ANY;
  }
  stream_ = pw_stream_new(connection_->core(), "goop-call-plugin", properties);
  if (stream_ == nullptr) throwErrno("pw_stream_new", node_.path);
  pw_stream_add_listener(stream_, &listener_, &kEvents, this);
  connection_->add(this);
  StreamParameters parameters;
  parameters.offer(wanted);
  // When the node goes the session manager must not connect us to another camera.
  const auto flags = static_cast<pw_stream_flags>(PW_STREAM_FLAG_AUTOCONNECT | PW_STREAM_FLAG_DONT_RECONNECT);
  const int result = pw_stream_connect(stream_, PW_DIRECTION_INPUT, target, flags, parameters.data(), parameters.size());
  if (result >= 0) return;
  destroyStream();
  throw SystemError("pw_stream_connect", -result, node_.path);
}

void NodeSource::destroyStream() {
  connection_->remove(this);
  if (stream_ == nullptr) return;
  pw_stream_destroy(std::exchange(stream_, nullptr));
  const std::scoped_lock lock(handMutex_, mutex_);
  memory_.clear();
  inHand_ = {};
  newest_ = {};
}

Mode NodeSource::waitForMode(const CaptureConstraints& constraints) {
  std::unique_lock lock(mutex_);
  const bool isSettled = changed_.wait_for(lock, kMostWait, [this] { return format_ || failure_; });
  if (!isSettled) throw SystemError("pw_stream_connect", ETIMEDOUT, node_.path);
  // Only a frame tells which part of it is shown, and how it is turned.
  const std::chrono::milliseconds firstFrame = node_.isContinuous ? node_.mostSilence : kFirstOfScreen;
  const bool hasCome = changed_.wait_for(lock, firstFrame, [this] { return newest_.buffer != nullptr || failure_; });
  if (failure_) throw SystemError(*failure_);
  if (!hasCome && node_.isContinuous) throw SystemError("pw_stream", ETIMEDOUT, node_.path);
  const AgreedFormat& agreed = *format_;
  const Size size = newest_.buffer == nullptr ? sizeOf(agreed.pixels) : newest_.shape.shown();
  const double fps = agreed.fps > 0 ? agreed.fps : std::min(constraints.fps, kUnknownRate);
  return {size.width, size.height, fps, fourccName(agreed.pixels.fourcc)};
}

void NodeSource::onNodeRemoved(std::uint32_t id) {
  if (id == node_.id) fail(SystemError("pw_stream", ENODEV, node_.path));
}

void NodeSource::onConnectionLost() {
  fail(SystemError("pw_stream", ECONNRESET, node_.path));
  destroyStream();
}

void NodeSource::onState(pw_stream_state state, const char* error) {
  const bool isOver = state == PW_STREAM_STATE_ERROR || state == PW_STREAM_STATE_UNCONNECTED;
  if (isOver && connection_->isLost()) {
    fail(SystemError("pw_stream", ECONNRESET, node_.path));
  } else if (state == PW_STREAM_STATE_ERROR) {
    const std::string reason = error == nullptr ? wordsFor(state) : error;
    fail(SystemError("pw_stream", 0, node_.path, node_.path + " failed: " + reason));
  } else if (state == PW_STREAM_STATE_UNCONNECTED) {
    fail(SystemError("pw_stream", ENODEV, node_.path));
  }
}

void NodeSource::onFormat(const spa_pod* pod) {
  // The node stops: it goes, or another format follows.
  if (pod == nullptr) return;
  const auto agreed = agreedFormat(pod);
  if (!agreed) {
    fail(SystemError("SPA_PARAM_Format", EPROTO, node_.path));
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    const bool isOther = format_ && (format_->pixels.width != agreed->pixels.width || format_->pixels.height != agreed->pixels.height);
    // Every frame of a source has one size. Who captures opens the node again.
    if (isOther && !failure_) failure_ = SystemError("SPA_PARAM_Format", ESTALE, node_.path);
    else format_ = agreed;
  }
  wakeUp();
  StreamParameters parameters;
  parameters.acceptBuffers(*agreed);
  parameters.acceptMetadata();
  pw_stream_update_params(stream_, parameters.data(), parameters.size());
}

void NodeSource::onAddBuffer(pw_buffer* buffer) {
  const std::lock_guard lock(handMutex_);
  memory_[buffer] = std::make_unique<BufferMemory>(*buffer->buffer);
}

void NodeSource::onRemoveBuffer(pw_buffer* buffer) {
  const std::scoped_lock lock(handMutex_, mutex_);
  if (inHand_.buffer == buffer) inHand_ = {};
  if (newest_.buffer == buffer) newest_ = {};
  memory_.erase(buffer);
}

void NodeSource::onProcess() {
  // Only this thread changes the format.
  if (!format_) return;
  const Size size = sizeOf(format_->pixels);
  Arrived arrived;
  int replaced = 0;
  while (pw_buffer* buffer = pw_stream_dequeue_buffer(stream_)) {
    if (!hasPicture(*buffer->buffer)) {
      queue(buffer);
      continue;
    }
    if (arrived.buffer != nullptr) {
      queue(arrived.buffer);
      replaced++;
    }
    arrived = {buffer, captureTimeUs(headerOf(*buffer->buffer)), isMarkedFaulty(*buffer->buffer), shapeOf(*buffer->buffer, size)};
  }
  if (arrived.buffer == nullptr) return;
  pw_buffer* before = nullptr;
  {
    const std::lock_guard lock(mutex_);
    before = std::exchange(newest_, arrived).buffer;
    replaced_ += replaced + (before == nullptr ? 0 : 1);
  }
  if (before != nullptr) queue(before);
  wakeUp();
}

void NodeSource::wakeUp() {
  const std::uint64_t one = 1;
  // It fails only if the counter is full, and then it is readable anyway.
  static_cast<void>(::write(wakeFd_.get(), &one, sizeof one) < 0);
  changed_.notify_all();
}

void NodeSource::queue(pw_buffer* buffer) {
  if (stream_ != nullptr) pw_stream_queue_buffer(stream_, buffer);
}

void NodeSource::fail(const SystemError& error) {
  {
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = error;
  }
  wakeUp();
}

bool NodeSource::wait(int stopFd) {
  for (;;) {
    {
      const std::scoped_lock lock(handMutex_, mutex_);
      if (failure_) throw SystemError(*failure_);
      if (newest_.buffer != nullptr) {
        inHand_ = std::exchange(newest_, {});
        passedOver_ = std::exchange(replaced_, 0);
        return true;
      }
    }
    pollfd events[2] = {{wakeFd_.get(), POLLIN, 0}, {stopFd, POLLIN, 0}};
    const int result = ::poll(events, 2, node_.isContinuous ? static_cast<int>(node_.mostSilence.count()) : -1);
    if (result < 0 && errno != EINTR) throwErrno("poll", node_.path);
    if (events[1].revents != 0) return false;
    if (result == 0) throw SystemError("poll", ETIMEDOUT, node_.path);
    std::uint64_t count = 0;
    static_cast<void>(::read(wakeFd_.get(), &count, sizeof count) < 0);
  }
}

FrameVerdict NodeSource::convert(std::uint8_t* target, const std::uint8_t* previous) {
  const auto found = memory_.find(inHand_.buffer);
  V4l2Format format{};
  {
    const std::lock_guard lock(mutex_);
    format = format_->pixels;
  }
  // Its buffers went while it waited.
  if (inHand_.buffer == nullptr || found == memory_.end()) return unusable(FrameFault::lostPart);
  const FrameShape& shape = inHand_.shape;
  if (const Size shown = shape.shown(); shown.width != mode_.width || shown.height != mode_.height) {
    fail(SystemError("SPA_META_VideoCrop", ESTALE, node_.path));
    return unusable(FrameFault::otherSize);
  }
  if (inHand_.isMarked && !isJpegFormat(format.fourcc)) return unusable(FrameFault::markedByDriver);
  const spa_buffer& buffer = *inHand_.buffer->buffer;
  const BufferMemory& memory = *found->second;
  FrameBytes bytes;
  for (std::size_t block = 0; block < bytes.size(); block++) bytes[block] = memory.bytesOf(buffer, block);
  const bool isWhole = shape.isWhole(sizeOf(format));
  std::uint8_t* frame = isWhole ? target : reshaper_.frame(sizeOf(format));
  memory.beginRead();
  FrameVerdict verdict = converter_.convertBuffers(formatOf(format, buffer), bytes, frame, isWhole ? previous : nullptr);
  memory.endRead();
  if (!isWhole && verdict.isShown && !reshaper_.reshape(shape, target)) verdict = unusable(FrameFault::unsupported);
  hasOwnJpeg_ = isWhole;
  return verdict;
}

FrameVerdict NodeSource::take(std::uint8_t* target, const std::uint8_t* previous) {
  jpegLength_ = 0;
  FrameVerdict verdict;
  {
    const std::lock_guard lock(handMutex_);
    capturedAtUs_ = inHand_.capturedAtUs;
    verdict = convert(target, previous);
  }
  giveBack();
  if (const auto jpeg = converter_.jpeg(); verdict.isShown && hasOwnJpeg_ && jpeg.size() <= jpegTarget_.size()) {
    std::copy(jpeg.begin(), jpeg.end(), jpegTarget_.begin());
    jpegLength_ = jpeg.size();
  }
  return verdict;
}

void NodeSource::giveBack() {
  const PipeWireConnection::Locked loop(*connection_);
  pw_buffer* buffer = nullptr;
  {
    const std::lock_guard lock(handMutex_);
    buffer = std::exchange(inHand_, {}).buffer;
  }
  if (buffer != nullptr) queue(buffer);
}

std::size_t NodeSource::jpegCapacity() const {
  if (!isJpegFormat(fourccOf(mode_.fourcc))) return 0;
  return kJpegHeaders + static_cast<std::size_t>(mode_.width) * static_cast<std::size_t>(mode_.height) / 2;
}

}  // namespace callnative
