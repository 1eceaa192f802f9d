// A fixed set of frame buffers between one capture thread and one consumer, with a count of each frame's fate. The newest
// frame wins; nothing queues.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "pixels/frame-verdict.h"

namespace callnative {

/** Shared with JavaScript's ArrayBuffer. The last holder frees it. */
using FrameBuffer = std::shared_ptr<std::vector<std::uint8_t>>;

/**
 * At any moment: captured = faulty + dropped + delivered + the frames waiting or being written. The qualities are those of
 * the frames that were read, whatever became of them; `faulty` are the damaged ones of which nothing could be shown.
 */
struct Counters {
  std::uint64_t captured = 0;
  std::uint64_t faulty = 0;
  std::uint64_t dropped = 0;
  std::uint64_t delivered = 0;
  std::uint64_t whole = 0;
  std::uint64_t repaired = 0;
  std::uint64_t damaged = 0;
  /** Frames with each fault. */
  std::array<std::uint64_t, kFaults> faults{};
};

/** Every method may be called from any thread. */
class FramePool {
 public:
  /** A frame that the consumer owns until giveBack(slot). Time is Unix time in microseconds. */
  struct Ready {
    int slot;
    std::int64_t capturedAtUs;
    /** Length of the device's own JPEG of the frame, in the slot's JPEG buffer; 0 for none. */
    std::size_t jpegLength;
  };

  /** Allocates all memory: `slots` buffers of `bytes` each, and of `jpegBytes` each unless that is 0. */
  FramePool(int slots, std::size_t bytes, std::size_t jpegBytes = 0);

  const std::vector<FrameBuffer>& buffers() const { return buffers_; }
  /** One for each slot, or none at all. */
  const std::vector<FrameBuffer>& jpegBuffers() const { return jpegBuffers_; }

  /** Counts frames that the device delivered and the source passed over. */
  void countPassedOver(int frames);
  /** Counts a frame as captured and lends a slot for it. Without a free slot it takes that of the waiting frame. If no
   *  frame waits either, the new frame is dropped and nothing returned. */
  std::optional<int> beginWrite();
  /** Makes the written frame wait for the consumer. A frame that was waiting is dropped. */
  void publish(int slot, std::int64_t capturedAtUs, std::size_t jpegLength = 0, const FrameVerdict& verdict = {});
  /** Nothing of the frame being written can be shown. */
  void abandon(int slot, const FrameVerdict& verdict = unusable(FaultSet()));
  /** Hands the waiting frame to the consumer, which must call giveBack. */
  std::optional<Ready> collect();
  /** To be called once for each collect(). The slot may be overwritten from then on. */
  void giveBack(int slot);
  /** After the last write: counts a waiting frame as dropped, so that the sum closes. */
  void finish();
  /** A consistent copy. */
  Counters counters() const;

 private:
  /** With the lock held. */
  void count(const FrameVerdict& verdict);

  std::vector<FrameBuffer> buffers_;
  std::vector<FrameBuffer> jpegBuffers_;
  std::vector<int> free_;
  std::optional<Ready> waiting_;
  Counters counters_;
  mutable std::mutex mutex_;
};

}  // namespace callnative
