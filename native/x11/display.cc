// See display.h. Each extension must be asked for its version before its other requests.
#include "display.h"

#include <xcb/composite.h>
#include <xcb/damage.h>
#include <xcb/randr.h>
#include <xcb/shm.h>
#include <xcb/xfixes.h>

#include <cstring>
#include <mutex>

#include "system/system-error.h"

namespace callnative {

namespace {

constexpr std::uint32_t kRandrMajor = 1;
/** RandR 1.5 has monitors; composite 0.2 names a window's pixmap. */
constexpr std::uint32_t kRandrMinor = 5;
constexpr std::uint32_t kCompositeMinor = 2;
constexpr std::uint32_t kFixesMajor = 4;

const xcb_query_extension_reply_t* presentExtension(xcb_connection_t* connection, xcb_extension_t* extension) {
  const xcb_query_extension_reply_t* reply = xcb_get_extension_data(connection, extension);
  return reply != nullptr && reply->present ? reply : nullptr;
}

/**
 * xcb reads the user's authority through libXau, which builds the file's name in one buffer for all threads (XauFileName). Two
 * that connect at once would write to it, or to the one that the other has just freed.
 */
xcb_connection_t* connect(const char* name, int* screenNumber) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  return xcb_connect(name, screenNumber);
}

bool isAtLeast(std::uint32_t major, std::uint32_t minor, std::uint32_t wantedMajor, std::uint32_t wantedMinor) {
  return major > wantedMajor || (major == wantedMajor && minor >= wantedMinor);
}

}  // namespace

Display::Display(const std::string& name) : name_(name) {
  int number = 0;
  connection_.reset(connect(name.empty() ? nullptr : name.c_str(), &number));
  if (xcb_connection_has_error(connection_.get()) != 0) {
    const char* variable = std::getenv("DISPLAY");
    if (name_.empty()) name_ = variable == nullptr ? "" : variable;
    throw SystemError("connect", 0, name_, "there is no X server at \"" + name_ + "\", or it refuses this user");
  }
  xcb_screen_iterator_t screens = xcb_setup_roots_iterator(xcb_get_setup(connection_.get()));
  for (; number > 0 && screens.rem > 1; number--) xcb_screen_next(&screens);
  screen_ = screens.data;
  findExtensions();
}

void Display::findExtensions() {
  xcb_connection_t* connection = get();
  if (const auto* damage = presentExtension(connection, &xcb_damage_id)) {
    const XcbPtr<xcb_damage_query_version_reply_t> version(
        xcb_damage_query_version_reply(connection, xcb_damage_query_version(connection, 1, 1), nullptr));
    if (version) extensions_.damageEvent = static_cast<std::uint8_t>(damage->first_event + XCB_DAMAGE_NOTIFY);
  }
  if (const auto* fixes = presentExtension(connection, &xcb_xfixes_id)) {
    const XcbPtr<xcb_xfixes_query_version_reply_t> version(
        xcb_xfixes_query_version_reply(connection, xcb_xfixes_query_version(connection, kFixesMajor, 0), nullptr));
    // Regions came with version 2.
    extensions_.hasFixes = version && version->major_version >= 2;
    extensions_.fixesEvent = fixes->first_event;
  }
  if (const auto* randr = presentExtension(connection, &xcb_randr_id)) {
    const XcbPtr<xcb_randr_query_version_reply_t> version(xcb_randr_query_version_reply(
        connection, xcb_randr_query_version(connection, kRandrMajor, kRandrMinor), nullptr));
    extensions_.hasRandr = version && isAtLeast(version->major_version, version->minor_version, kRandrMajor, kRandrMinor);
    extensions_.randrEvent = randr->first_event;
  }
  if (presentExtension(connection, &xcb_composite_id) != nullptr) {
    const XcbPtr<xcb_composite_query_version_reply_t> version(xcb_composite_query_version_reply(
        connection, xcb_composite_query_version(connection, 0, kCompositeMinor), nullptr));
    extensions_.hasComposite = version && isAtLeast(version->major_version, version->minor_version, 0, kCompositeMinor);
  }
  if (presentExtension(connection, &xcb_shm_id) != nullptr) {
    const XcbPtr<xcb_shm_query_version_reply_t> version(
        xcb_shm_query_version_reply(connection, xcb_shm_query_version(connection), nullptr));
    extensions_.hasShm = version && isAtLeast(version->major_version, version->minor_version, 1, 2);
  }
}

xcb_atom_t Display::atom(const char* name) const {
  const auto cookie = xcb_intern_atom(get(), 1, static_cast<std::uint16_t>(std::strlen(name)), name);
  const XcbPtr<xcb_intern_atom_reply_t> reply(xcb_intern_atom_reply(get(), cookie, nullptr));
  return reply ? reply->atom : static_cast<xcb_atom_t>(XCB_ATOM_NONE);
}

void Display::assertAlive() const {
  if (xcb_connection_has_error(get()) == 0) return;
  throw SystemError("display", 0, name_, "the X server has gone");
}

}  // namespace callnative
