// See screen-source.h. The server reports damage once; the next report comes after the damage was subtracted.
#include "screen-source.h"

#include <libyuv.h>
#include <poll.h>
#include <xcb/composite.h>
#include <xcb/randr.h>

#include <algorithm>
#include <cerrno>

#include "shareable.h"
#include "system/clock.h"
#include "system/system-error.h"

namespace callnative {

namespace {

/** A still picture is repeated after this time: encoders sharpen it then, and late subscribers see it. */
constexpr std::int64_t kRefreshNs = kNsPerSecond;
/** A window that is dragged to another size ends its capture once, when it rests. Desktops remove a monitor for a moment when
 *  they change it. */
constexpr std::int64_t kRestNs = 150'000'000;
constexpr std::uint32_t kWindowEvents = XCB_EVENT_MASK_STRUCTURE_NOTIFY;
constexpr std::uint32_t kRandrEvents =
    XCB_RANDR_NOTIFY_MASK_SCREEN_CHANGE | XCB_RANDR_NOTIFY_MASK_CRTC_CHANGE | XCB_RANDR_NOTIFY_MASK_OUTPUT_CHANGE;

int even(double size) { return std::max(2, static_cast<int>(size) & ~1); }

bool overlaps(const xcb_rectangle_t& one, const Area& area) {
  return one.x < area.x + area.width && one.x + one.width > area.x && one.y < area.y + area.height &&
         one.y + one.height > area.y;
}

}  // namespace

ScreenSource::ScreenSource(const std::string& displayName, std::string id, const CaptureConstraints& constraints)
    : id_(std::move(id)),
      display_(displayName),
      window_(windowOf(id_)),
      pointer_(display_),
      periodNs_(static_cast<std::int64_t>(static_cast<double>(kNsPerSecond) / constraints.fps)) {
  begin();
  chooseMode(constraints);
  image_ = std::make_unique<ScreenImage>(display_, even(area_.width), even(area_.height));
  xcb_flush(display_.get());
  display_.assertAlive();
}

ScreenSource::~ScreenSource() = default;

void ScreenSource::begin() {
  // Changes are watched before the size is read, so that none is missed.
  if (window_) {
    watchWindow();
  } else {
    // Monitors that the user defines are reported as a change of the root window only.
    xcb_change_window_attributes(display_.get(), display_.root(), XCB_CW_EVENT_MASK, &kWindowEvents);
    if (display_.extensions().hasRandr) xcb_randr_select_input(display_.get(), display_.root(), kRandrEvents);
  }
  area_ = currentArea();
  if (window_) nameWindow();
  if (!window_) assertFormat(display_.screen().root_depth);
  watchDamage();
}

void ScreenSource::watchWindow() {
  xcb_change_window_attributes(display_.get(), *window_, XCB_CW_EVENT_MASK, &kWindowEvents);
  if (display_.extensions().hasComposite) {
    xcb_composite_redirect_window(display_.get(), *window_, XCB_COMPOSITE_REDIRECT_AUTOMATIC);
  } else {
    notes_.push_back("the X server does not compose, so whatever covers the window is seen too");
  }
}

void ScreenSource::nameWindow() {
  if (!display_.extensions().hasComposite) return;
  if (pixmap_ != XCB_NONE) xcb_free_pixmap(display_.get(), pixmap_);
  pixmap_ = xcb_generate_id(display_.get());
  const XcbPtr<xcb_generic_error_t> refused(xcb_request_check(
      display_.get(), xcb_composite_name_window_pixmap_checked(display_.get(), *window_, pixmap_)));
  // A window that is not shown has no pixmap.
  if (refused) pixmap_ = XCB_NONE;
  isHidden_ = refused != nullptr;
}

void ScreenSource::watchDamage() {
  if (!display_.extensions().damageEvent || !display_.extensions().hasFixes) {
    notes_.push_back("the X server does not tell what changes, so frames are taken all the time");
    return;
  }
  damage_ = xcb_generate_id(display_.get());
  xcb_damage_create(display_.get(), damage_, window_.value_or(display_.root()), XCB_DAMAGE_REPORT_LEVEL_NON_EMPTY);
  region_ = xcb_generate_id(display_.get());
  xcb_xfixes_create_region(display_.get(), region_, 0, nullptr);
}

void ScreenSource::chooseMode(const CaptureConstraints& constraints) {
  const int longer = std::max(constraints.width, constraints.height);
  const int shorter = std::min(constraints.width, constraints.height);
  const bool isWide = area_.width >= area_.height;
  const double across = static_cast<double>(isWide ? longer : shorter) / area_.width;
  const double down = static_cast<double>(isWide ? shorter : longer) / area_.height;
  const double factor = std::min({1.0, across, down});
  mode_ = {even(area_.width * factor), even(area_.height * factor), constraints.fps, "BGRX"};
  const std::size_t pixels = static_cast<std::size_t>(mode_.width) * static_cast<std::size_t>(mode_.height);
  if (factor < 1.0) scaled_.resize(pixels * 4);
}

Area ScreenSource::currentArea() const {
  const std::optional<Area> found = findArea();
  if (!found) endBecause("closed", "the monitor is not there");
  return *found;
}

std::optional<Area> ScreenSource::findArea() const {
  if (!window_) {
    const std::optional<Area> found = monitorArea(display_, id_);
    display_.assertAlive();
    return found;
  }
  const auto geometryCookie = xcb_get_geometry(display_.get(), *window_);
  const auto placeCookie = xcb_translate_coordinates(display_.get(), *window_, display_.root(), 0, 0);
  const XcbPtr<xcb_get_geometry_reply_t> geometry(xcb_get_geometry_reply(display_.get(), geometryCookie, nullptr));
  const XcbPtr<xcb_translate_coordinates_reply_t> place(
      xcb_translate_coordinates_reply(display_.get(), placeCookie, nullptr));
  display_.assertAlive();
  if (!geometry || !place) endBecause("closed", "the window is not there");
  assertFormat(geometry->depth);
  return Area{place->dst_x, place->dst_y, geometry->width, geometry->height, geometry->border_width};
}

void ScreenSource::assertFormat(std::uint8_t depth) const {
  const xcb_setup_t* setup = xcb_get_setup(display_.get());
  for (auto at = xcb_setup_pixmap_formats_iterator(setup); at.rem > 0; xcb_format_next(&at)) {
    const bool isTrueColour = depth == 24 || depth == 32;
    if (at.data->depth == depth && at.data->bits_per_pixel == 32 && isTrueColour && setup->image_byte_order == 0) return;
  }
  endBecause("depth", "its pixels have " + std::to_string(depth) + " bits, expected 24 or 32 in little endian");
}

void ScreenSource::endBecause(const char* operation, const std::string& what) const {
  throw SystemError(operation, 0, id_, what);
}

/** The place in the root window may change freely. */
void ScreenSource::checkArea() {
  const std::optional<Area> now = findArea();
  const bool hasOldSize = now && now->width == area_.width && now->height == area_.height;
  if (hasOldSize) {
    if (!(*now == area_)) isChanged_ = true;
    area_ = *now;
    unsettledAtNs_ = 0;
    // Another border, or another size for a moment, gives the window a new pixmap. The old one would stay as it is.
    if (window_) nameWindow();
  } else if (unsettledAtNs_ == 0 || window_) {
    unsettledAtNs_ = monotonicNs();
  }
}

void ScreenSource::settle() {
  const Area now = currentArea();
  if (now.width != area_.width || now.height != area_.height) endBecause("resized", "its size changed");
  area_ = now;
  unsettledAtNs_ = 0;
}

void ScreenSource::handleEvents() {
  bool isAreaOld = false;
  while (const XcbPtr<xcb_generic_event_t> event{xcb_poll_for_event(display_.get())}) {
    const std::uint8_t type = event->response_type & 0x7F;
    const Extensions& extensions = display_.extensions();
    if (extensions.damageEvent && type == *extensions.damageEvent) {
      isDamaged_ = true;
    } else if (extensions.hasFixes && type == extensions.fixesEvent + XCB_XFIXES_CURSOR_NOTIFY) {
      pointer_.forgetShape();
    } else if (extensions.hasRandr && (type == extensions.randrEvent || type == extensions.randrEvent + XCB_RANDR_NOTIFY)) {
      isAreaOld = true;
    } else {
      isAreaOld = type == XCB_CONFIGURE_NOTIFY || type == XCB_REPARENT_NOTIFY || isAreaOld;
      if (window_) handleWindowEvent(*event, type);
    }
  }
  display_.assertAlive();
  if (isAreaOld) checkArea();
}

void ScreenSource::handleWindowEvent(const xcb_generic_event_t& event, std::uint8_t type) {
  if (type == XCB_DESTROY_NOTIFY) {
    const auto& destroyed = reinterpret_cast<const xcb_destroy_notify_event_t&>(event);
    if (destroyed.window == *window_) endBecause("closed", "the window was closed");
  }
  if (type == XCB_UNMAP_NOTIFY) isHidden_ = true;
  if (type == XCB_MAP_NOTIFY) {
    // Each time the window is shown it has a new pixmap.
    isHidden_ = false;
    nameWindow();
    isChanged_ = true;
  }
}

bool ScreenSource::fetchDamage() {
  isDamaged_ = false;
  xcb_damage_subtract(display_.get(), damage_, XCB_NONE, region_);
  const XcbPtr<xcb_xfixes_fetch_region_reply_t> reply(
      xcb_xfixes_fetch_region_reply(display_.get(), xcb_xfixes_fetch_region(display_.get(), region_), nullptr));
  if (!reply) return true;
  // A window's damage is its own; that of the root window includes other monitors.
  if (window_) return true;
  const xcb_rectangle_t* first = xcb_xfixes_fetch_region_rectangles(reply.get());
  const xcb_rectangle_t* end = first + xcb_xfixes_fetch_region_rectangles_length(reply.get());
  return std::any_of(first, end, [this](const xcb_rectangle_t& one) { return overlaps(one, area_); });
}

std::int64_t ScreenSource::untilDue(std::int64_t now) {
  if (unsettledAtNs_ != 0) {
    if (now - unsettledAtNs_ < kRestNs) return kRestNs - (now - unsettledAtNs_);
    settle();
  }
  const std::int64_t sinceFrame = now - lastFrameNs_;
  // The pointer moves without an event, and is asked for as often as frames are taken.
  if (now - lastLookNs_ >= periodNs_) {
    lastLookNs_ = now;
    const bool wasInside = pointer_.isIn(area_);
    if (pointer_.update() && (wasInside || pointer_.isIn(area_))) isChanged_ = true;
    if (damage_ == XCB_NONE || (isDamaged_ && fetchDamage())) isChanged_ = true;
  }
  const bool isWanted = (isChanged_ || sinceFrame >= kRefreshNs) && !isHidden_;
  // Before the first frame lastFrameNs_ is 0, so that frame is due at once.
  if (isWanted && sinceFrame >= periodNs_) return 0;
  return std::max<std::int64_t>(1, isWanted ? periodNs_ - sinceFrame : periodNs_ - (now - lastLookNs_));
}

bool ScreenSource::wait(int stopFd) {
  for (;;) {
    handleEvents();
    const std::int64_t left = untilDue(monotonicNs());
    if (left == 0) return true;
    xcb_flush(display_.get());
    // Damage is looked at when the next frame is due, so only the stop cuts that wait short.
    pollfd stop{stopFd, POLLIN, 0};
    const timespec timeout{left / kNsPerSecond, left % kNsPerSecond};
    if (::ppoll(&stop, 1, &timeout, nullptr) < 0 && errno != EINTR) throwErrno("ppoll", id_);
    if ((stop.revents & POLLIN) != 0) return false;
  }
}

FrameVerdict ScreenSource::take(std::uint8_t* target, const std::uint8_t* /*previous*/) {
  lastFrameNs_ = monotonicNs();
  capturedAtUs_ = unixTimeUs();
  isChanged_ = false;
  const bool hasPixmap = window_ && pixmap_ != XCB_NONE;
  const xcb_drawable_t drawable = hasPixmap ? pixmap_ : window_.value_or(display_.root());
  const int inset = hasPixmap ? area_.border : 0;
  if (!image_->take(drawable, window_ ? inset : area_.x, window_ ? inset : area_.y)) {
    display_.assertAlive();
    checkArea();
    return unusable(FrameFault::lostPart);
  }
  if (!window_ || pointer_.isIn(area_)) pointer_.draw(image_->pixels(), image_->width(), image_->height(), area_);
  const std::uint8_t* pixels = image_->pixels();
  int stride = image_->width() * 4;
  if (!scaled_.empty()) {
    libyuv::ARGBScale(pixels, stride, image_->width(), image_->height(), scaled_.data(), mode_.width * 4, mode_.width,
                      mode_.height, libyuv::kFilterBox);
    pixels = scaled_.data();
    stride = mode_.width * 4;
  }
  const I420Planes<std::uint8_t> planes(target, mode_.width, mode_.height);
  libyuv::ARGBToI420(pixels, stride, planes.y, mode_.width, planes.u, planes.chromaStride, planes.v, planes.chromaStride,
                     mode_.width, mode_.height);
  return {};
}

}  // namespace callnative
