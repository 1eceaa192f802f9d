// The interface between the capture thread and whatever delivers frames.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "pixels/frame.h"
#include "pixels/frame-verdict.h"

namespace callnative {

/** Used by one thread at a time. The destructor closes the device. Each wait() is followed by take() or skip(). */
class FrameSource {
 public:
  FrameSource() = default;
  FrameSource(const FrameSource&) = delete;
  FrameSource& operator=(const FrameSource&) = delete;
  virtual ~FrameSource() = default;

  /** Constant from construction on. Every frame has this size. */
  virtual const Mode& mode() const = 0;
  /** Waits for the next frame; false when `stopFd` became readable. Throws SystemError when the source has ended. */
  virtual bool wait(int stopFd) = 0;
  /** How many older frames the last wait passed over because a newer one was ready. */
  virtual int passedOver() const { return 0; }
  /**
   * Writes the frame as I420. `previous` is the frame shown before (or null), from which a damaged one takes the rows that
   * it lacks. Each wait() that returned true needs one take() or skip().
   */
  virtual FrameVerdict take(std::uint8_t* target, const std::uint8_t* previous) = 0;
  /** Gives the frame back unread, when there is no buffer to write it to. */
  virtual void skip() = 0;
  /** Largest size of the device's own JPEG; 0 for a source without JPEG. */
  virtual std::size_t jpegCapacity() const { return 0; }
  /** Where the next take() also writes the device's own JPEG; may be empty. */
  virtual void lendJpegBuffer(std::span<std::uint8_t> /*target*/) {}
  /** Length of the JPEG that the last take() wrote; 0 for none. */
  virtual std::size_t jpegLength() const { return 0; }
  /** What the source does to this device's frames, and what it corrected; completes "note: …". Constant as mode(). */
  virtual const std::vector<std::string>& notes() const {
    static const std::vector<std::string> none;
    return none;
  }
  /** Unix time of the frame last taken, microseconds. */
  virtual std::int64_t capturedAtUs() const = 0;
};

}  // namespace callnative
