// A PipeWire video node as a source of I420 frames: a camera, or what a screen shares.
#pragma once

#include <pipewire/pipewire.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "buffer-memory.h"
#include "capture/frame-source.h"
#include "connection.h"
#include "frame-shape.h"
#include "pixels/pixel-convert.h"
#include "stream-formats.h"
#include "system/system-error.h"
#include "system/unique-fd.h"

namespace callnative {

struct NodeChoice {
  /** The node's id in the daemon. */
  std::uint32_t id;
  /** Names it in errors. */
  std::string path;
  /** False for a screen, which sends frames only when something changes. */
  bool isContinuous;
  /** A camera that sends nothing for so long has hung. */
  std::chrono::milliseconds mostSilence;
};

/**
 * The loop's thread receives buffers and keeps the newest. The capture thread converts it, and gives it back under the loop's
 * lock. Locks are taken in this order: the loop's, handMutex_, mutex_.
 */
class NodeSource final : public FrameSource, private ConnectionListener {
 public:
  /**
   * Returns when the first frame has come, whose size every later one must have. A screen whose first frame does not come
   * within a second is taken to have the size of its format.
   * Throws SystemError: ENODEV, ETIMEDOUT, ECONNRESET, EPROTO.
   */
  NodeSource(std::shared_ptr<PipeWireConnection> connection, NodeChoice node, const CaptureConstraints& constraints);
  ~NodeSource() override;

  const Mode& mode() const override { return mode_; }
  bool wait(int stopFd) override;
  int passedOver() const override { return passedOver_; }
  FrameVerdict take(std::uint8_t* target, const std::uint8_t* previous) override;
  void skip() override { giveBack(); }
  std::size_t jpegCapacity() const override;
  void lendJpegBuffer(std::span<std::uint8_t> target) override { jpegTarget_ = target; }
  std::size_t jpegLength() const override { return jpegLength_; }
  std::int64_t capturedAtUs() const override { return capturedAtUs_; }

 private:
  struct Arrived {
    pw_buffer* buffer = nullptr;
    std::int64_t capturedAtUs = 0;
    bool isMarked = false;
    FrameShape shape;
  };

  /** With the loop's lock. */
  void createStream(const CaptureConstraints& constraints);
  void destroyStream();
  void queue(pw_buffer* buffer);

  /** On the loop's thread. */
  void onNodeRemoved(std::uint32_t id) override;
  void onConnectionLost() override;
  void onState(pw_stream_state state, const char* error);
  void onFormat(const spa_pod* format);
  void onAddBuffer(pw_buffer* buffer);
  void onRemoveBuffer(pw_buffer* buffer);
  void onProcess();

  /** Stores the first failure and wakes who waits. Any thread. */
  void fail(const SystemError& error);
  /** @returns the mode of the first frame. */
  Mode waitForMode(const CaptureConstraints& constraints);
  /** Wakes the capture thread and the constructor. Any thread. */
  void wakeUp();
  /** With handMutex_. The source fails when a frame is shown in another size. */
  FrameVerdict convert(std::uint8_t* target, const std::uint8_t* previous);
  void giveBack();

  std::shared_ptr<PipeWireConnection> connection_;
  const NodeChoice node_;
  Mode mode_;
  /** Readable while a frame or a failure waits. eventfd(2). */
  UniqueFd wakeFd_;

  /** With the loop's lock. Null when the stream has gone. */
  pw_stream* stream_ = nullptr;
  spa_hook listener_{};

  /** Held while a buffer is read, so that its memory stays. */
  std::mutex handMutex_;
  std::map<const pw_buffer*, std::unique_ptr<BufferMemory>> memory_;
  Arrived inHand_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<AgreedFormat> format_;
  Arrived newest_;
  int replaced_ = 0;
  std::optional<SystemError> failure_;

  /** The capture thread's. */
  PixelConverter converter_;
  Reshaper reshaper_;
  int passedOver_ = 0;
  std::span<std::uint8_t> jpegTarget_;
  std::size_t jpegLength_ = 0;
  /** The frame is shown as it came. */
  bool hasOwnJpeg_ = false;
  std::int64_t capturedAtUs_ = 0;
};

}  // namespace callnative
