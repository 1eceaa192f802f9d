// A fixed set of picture buffers between one capture thread and one consumer, and the count of what became of
// each picture. The newest picture wins; nothing queues. Threads and JavaScript are not known here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace callnative {

/** Shared with the ArrayBuffer that JavaScript sees: whichever side lets go last frees it. */
using PictureBuffer = std::shared_ptr<std::vector<std::uint8_t>>;

/** captured = faulty + dropped + delivered + what waits or is being written, at any moment. */
struct Counters {
  std::uint64_t captured = 0;
  std::uint64_t faulty = 0;
  std::uint64_t dropped = 0;
  std::uint64_t delivered = 0;
};

/** Every method may be called from any thread. */
class FramePool {
 public:
  /** A picture that is the consumer's until giveBack(slot). Time is Unix time in microseconds. */
  struct Ready {
    int slot;
    std::int64_t capturedAtUs;
    /** Length of the device's own JPEG of the picture, in the slot's JPEG buffer; 0 for none. */
    std::size_t jpegLength;
  };

  /** Allocates all memory there will be: `slots` buffers of `bytes` each; without `jpegBytes` there are no JPEG buffers. */
  FramePool(int slots, std::size_t bytes, std::size_t jpegBytes = 0);

  const std::vector<PictureBuffer>& buffers() const { return buffers_; }
  /** One for each slot, or none at all. */
  const std::vector<PictureBuffer>& jpegBuffers() const { return jpegBuffers_; }

  /** Pictures that the device delivered and nobody looked at. */
  void countPassedOver(int pictures);
  /** Counts a picture as captured and lends a slot to write it to. Without a free one it takes back the picture
   *  that still waits; without that either, the new picture is dropped and nothing returned. */
  std::optional<int> beginWrite();
  /** The written picture waits for the consumer; one that was waiting is dropped. */
  void publish(int slot, std::int64_t capturedAtUs, std::size_t jpegLength = 0);
  /** The picture being written turned out to be damaged. */
  void abandon(int slot);
  /** Hands the waiting picture to the consumer, who owes giveBack. */
  std::optional<Ready> collect();
  /** Owed once for each collect(); the slot may be overwritten from then on. */
  void giveBack(int slot);
  /** After the last write: what still waits counts as dropped, so that the sum closes. */
  void finish();
  /** A consistent copy. */
  Counters counters() const;

 private:
  std::vector<PictureBuffer> buffers_;
  std::vector<PictureBuffer> jpegBuffers_;
  std::vector<int> free_;
  std::optional<Ready> waiting_;
  Counters counters_;
  mutable std::mutex mutex_;
};

}  // namespace callnative
