// See screen-image.h. The memory is a memfd, which the kernel frees with its last mapping.
#include "screen-image.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "system/system-error.h"
#include "system/unique-fd.h"

namespace callnative {

namespace {

constexpr std::uint32_t kAllPlanes = ~0U;

}  // namespace

ScreenImage::ScreenImage(const Display& display, int width, int height) : display_(display), width_(width), height_(height) {
  if (display.extensions().hasShm) share();
  if (shared_ == nullptr) copied_.resize(bytes());
}

/** A server on another machine has the extension and still cannot attach: then images travel over the connection. */
void ScreenImage::share() {
  UniqueFd memory(::memfd_create("screen-image", MFD_CLOEXEC));
  if (memory.get() < 0) throwErrno("memfd_create", "screen-image");
  if (::ftruncate(memory.get(), static_cast<off_t>(bytes())) != 0) throwErrno("ftruncate", "screen-image");
  void* mapped = ::mmap(nullptr, bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, memory.get(), 0);
  if (mapped == MAP_FAILED) throwErrno("mmap", "screen-image");
  segment_ = xcb_generate_id(display_.get());
  // xcb closes the descriptor once it is sent.
  const auto cookie = xcb_shm_attach_fd_checked(display_.get(), segment_, memory.release(), 0);
  const XcbPtr<xcb_generic_error_t> refused(xcb_request_check(display_.get(), cookie));
  if (refused) {
    ::munmap(mapped, bytes());
    return;
  }
  shared_ = static_cast<std::uint8_t*>(mapped);
}

ScreenImage::~ScreenImage() {
  if (shared_ == nullptr) return;
  xcb_shm_detach(display_.get(), segment_);
  xcb_flush(display_.get());
  ::munmap(shared_, bytes());
}

bool ScreenImage::take(xcb_drawable_t drawable, int x, int y) {
  const auto left = static_cast<std::int16_t>(x);
  const auto top = static_cast<std::int16_t>(y);
  const auto width = static_cast<std::uint16_t>(width_);
  const auto height = static_cast<std::uint16_t>(height_);
  xcb_connection_t* connection = display_.get();
  xcb_generic_error_t* error = nullptr;
  if (shared_ != nullptr) {
    const auto cookie = xcb_shm_get_image(connection, drawable, left, top, width, height, kAllPlanes,
                                          XCB_IMAGE_FORMAT_Z_PIXMAP, segment_, 0);
    const XcbPtr<xcb_shm_get_image_reply_t> reply(xcb_shm_get_image_reply(connection, cookie, &error));
    const XcbPtr<xcb_generic_error_t> owned(error);
    return reply != nullptr;
  }
  const auto cookie =
      xcb_get_image(connection, XCB_IMAGE_FORMAT_Z_PIXMAP, drawable, left, top, width, height, kAllPlanes);
  const XcbPtr<xcb_get_image_reply_t> reply(xcb_get_image_reply(connection, cookie, &error));
  const XcbPtr<xcb_generic_error_t> owned(error);
  if (!reply || static_cast<std::size_t>(xcb_get_image_data_length(reply.get())) < bytes()) return false;
  std::memcpy(copied_.data(), xcb_get_image_data(reply.get()), bytes());
  return true;
}

}  // namespace callnative
