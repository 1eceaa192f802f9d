// What the capture thread needs of anything that delivers pictures. Buffers and JavaScript are not known here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "pixels/picture.h"

namespace callnative {

/** Used by one thread at a time; destroying it closes the device. Calls come as wait, then take or skip. */
class PictureSource {
 public:
  PictureSource() = default;
  PictureSource(const PictureSource&) = delete;
  PictureSource& operator=(const PictureSource&) = delete;
  virtual ~PictureSource() = default;

  /** Constant from construction on; every picture has its size. */
  virtual const Mode& mode() const = 0;
  /** Waits for the next picture; false when `stopFd` became readable. Throws SystemError when the source has ended. */
  virtual bool wait(int stopFd) = 0;
  /** How many older pictures the last wait passed over, because a newer one was there already. */
  virtual int passedOver() const { return 0; }
  /** Writes the picture waited for as I420; false when it is damaged. Owed once for each true of wait, or skip(). */
  virtual bool take(std::uint8_t* target) = 0;
  /** Gives the picture waited for back unread, when there is no buffer to write it to. */
  virtual void skip() = 0;
  /** Bytes for the device's own JPEG of a picture; 0 for a source that has none. */
  virtual std::size_t jpegCapacity() const { return 0; }
  /** Where the next take leaves the device's own JPEG beside; may be empty. */
  virtual void lendJpegBuffer(std::span<std::uint8_t> /*target*/) {}
  /** Length of the JPEG that the last take left; 0 for none. */
  virtual std::size_t jpegLength() const { return 0; }
  /** Unix time of the picture last taken, microseconds. */
  virtual std::int64_t capturedAtUs() const = 0;
};

}  // namespace callnative
