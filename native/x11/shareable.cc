// See shareable.h. Without a window manager, the root's children that have a name count as windows.
#include "shareable.h"

#include <xcb/randr.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace callnative {

namespace {

constexpr std::size_t kMaxWindows = 100;
/** In units of four bytes, as the request counts. */
constexpr std::uint32_t kMaxTitle = 64;
constexpr std::uint32_t kMaxList = 1024;
/** Smaller windows are trays and helpers. */
constexpr int kSmallestSide = 16;
constexpr const char* kMonitorPrefix = "monitor:";
constexpr const char* kWindowPrefix = "window:";

XcbPtr<xcb_get_property_reply_t> property(const Display& display, xcb_window_t window, xcb_atom_t name, std::uint32_t length) {
  if (name == XCB_ATOM_NONE) return nullptr;
  const auto cookie = xcb_get_property(display.get(), 0, window, name, XCB_GET_PROPERTY_TYPE_ANY, 0, length);
  return XcbPtr<xcb_get_property_reply_t>(xcb_get_property_reply(display.get(), cookie, nullptr));
}

std::string text(const Display& display, xcb_window_t window, xcb_atom_t name) {
  const auto reply = property(display, window, name, kMaxTitle);
  if (!reply || reply->format != 8) return "";
  return {static_cast<const char*>(xcb_get_property_value(reply.get())),
          static_cast<std::size_t>(xcb_get_property_value_length(reply.get()))};
}

/** Windows or atoms. */
std::vector<std::uint32_t> numbers(const Display& display, xcb_window_t window, xcb_atom_t name) {
  const auto reply = property(display, window, name, kMaxList);
  if (!reply || reply->format != 32) return {};
  const auto* first = static_cast<const std::uint32_t*>(xcb_get_property_value(reply.get()));
  return {first, first + xcb_get_property_value_length(reply.get()) / 4};
}

std::string atomName(const Display& display, xcb_atom_t atom) {
  const XcbPtr<xcb_get_atom_name_reply_t> reply(
      xcb_get_atom_name_reply(display.get(), xcb_get_atom_name(display.get(), atom), nullptr));
  if (!reply) return "";
  return {xcb_get_atom_name_name(reply.get()), static_cast<std::size_t>(xcb_get_atom_name_name_length(reply.get()))};
}

/** The root window's size changes; the screen's in the set-up does not. */
Area wholeArea(const Display& display) {
  const XcbPtr<xcb_get_geometry_reply_t> reply(
      xcb_get_geometry_reply(display.get(), xcb_get_geometry(display.get(), display.root()), nullptr));
  if (!reply) return {0, 0, display.screen().width_in_pixels, display.screen().height_in_pixels, 0};
  return {0, 0, reply->width, reply->height, 0};
}

/** The part of a monitor that the root window has: the server gives no image of more. */
Area within(const Area& area, const Area& whole) {
  const int left = std::max(area.x, 0);
  const int top = std::max(area.y, 0);
  const int right = std::min(area.x + area.width, whole.width);
  const int bottom = std::min(area.y + area.height, whole.height);
  return {left, top, right - left, bottom - top, 0};
}

std::vector<Shareable> listMonitors(const Display& display) {
  std::vector<Shareable> list;
  if (!display.extensions().hasRandr) return list;
  const Area whole = wholeArea(display);
  const XcbPtr<xcb_randr_get_monitors_reply_t> reply(xcb_randr_get_monitors_reply(
      display.get(), xcb_randr_get_monitors(display.get(), display.root(), 1), nullptr));
  if (!reply) return list;
  for (auto at = xcb_randr_get_monitors_monitors_iterator(reply.get()); at.rem > 0; xcb_randr_monitor_info_next(&at)) {
    const std::string name = atomName(display, at.data->name);
    const Area area = within({at.data->x, at.data->y, at.data->width, at.data->height, 0}, whole);
    if (area.width < kSmallestSide || area.height < kSmallestSide) continue;
    list.push_back({kMonitorPrefix + name, name, false, at.data->primary != 0, area});
  }
  std::stable_sort(list.begin(), list.end(), [](const auto& one, const auto& other) { return one.isPrimary > other.isPrimary; });
  return list;
}

std::vector<xcb_window_t> childrenOfRoot(const Display& display) {
  const XcbPtr<xcb_query_tree_reply_t> tree(
      xcb_query_tree_reply(display.get(), xcb_query_tree(display.get(), display.root()), nullptr));
  if (!tree) return {};
  const xcb_window_t* first = xcb_query_tree_children(tree.get());
  return {first, first + xcb_query_tree_children_length(tree.get())};
}

/** Nothing for a window that has gone, is hidden, or belongs to the desktop itself. */
std::optional<Shareable> describeWindow(const Display& display, xcb_window_t window, const std::vector<xcb_atom_t>& desktopTypes,
                                        xcb_atom_t typeAtom, xcb_atom_t nameAtom) {
  const XcbPtr<xcb_get_window_attributes_reply_t> attributes(xcb_get_window_attributes_reply(
      display.get(), xcb_get_window_attributes(display.get(), window), nullptr));
  if (!attributes || attributes->map_state != XCB_MAP_STATE_VIEWABLE) return {};
  if (attributes->override_redirect || attributes->_class != XCB_WINDOW_CLASS_INPUT_OUTPUT) return {};
  for (const xcb_atom_t type : numbers(display, window, typeAtom)) {
    if (std::find(desktopTypes.begin(), desktopTypes.end(), type) != desktopTypes.end()) return {};
  }
  const XcbPtr<xcb_get_geometry_reply_t> geometry(
      xcb_get_geometry_reply(display.get(), xcb_get_geometry(display.get(), window), nullptr));
  if (!geometry || geometry->width < kSmallestSide || geometry->height < kSmallestSide) return {};
  std::string name = text(display, window, nameAtom);
  if (name.empty()) name = text(display, window, XCB_ATOM_WM_NAME);
  if (name.empty()) return {};
  char id[32];
  std::snprintf(id, sizeof id, "%s0x%x", kWindowPrefix, window);
  return Shareable{id, name, true, false, {0, 0, geometry->width, geometry->height, 0}};
}

std::vector<Shareable> listWindows(const Display& display) {
  const xcb_atom_t typeAtom = display.atom("_NET_WM_WINDOW_TYPE");
  const xcb_atom_t nameAtom = display.atom("_NET_WM_NAME");
  std::vector<xcb_atom_t> desktopTypes;
  for (const char* type : {"_NET_WM_WINDOW_TYPE_DESKTOP", "_NET_WM_WINDOW_TYPE_DOCK"}) {
    const xcb_atom_t atom = display.atom(type);
    if (atom != XCB_ATOM_NONE) desktopTypes.push_back(atom);
  }
  std::vector<xcb_window_t> windows = numbers(display, display.root(), display.atom("_NET_CLIENT_LIST"));
  if (windows.empty()) windows = childrenOfRoot(display);
  std::vector<Shareable> list;
  for (const xcb_window_t window : windows) {
    if (list.size() == kMaxWindows) break;
    if (auto found = describeWindow(display, window, desktopTypes, typeAtom, nameAtom)) list.push_back(std::move(*found));
  }
  return list;
}

}  // namespace

std::vector<Shareable> listShareable(const Display& display) {
  std::vector<Shareable> list = listMonitors(display);
  if (list.size() != 1) list.push_back({kWholeDisplay, "", false, list.empty(), wholeArea(display)});
  for (Shareable& window : listWindows(display)) list.push_back(std::move(window));
  display.assertAlive();
  return list;
}

std::optional<Area> monitorArea(const Display& display, const std::string& id) {
  if (id == kWholeDisplay) return wholeArea(display);
  for (const Shareable& monitor : listMonitors(display)) {
    if (monitor.id == id) return monitor.area;
  }
  return {};
}

std::optional<xcb_window_t> windowOf(const std::string& id) {
  const std::size_t length = std::strlen(kWindowPrefix);
  if (id.compare(0, length, kWindowPrefix) != 0) return {};
  char* end = nullptr;
  const unsigned long number = std::strtoul(id.c_str() + length, &end, 0);
  if (number == 0 || number > UINT32_MAX || *end != '\0') return {};
  return static_cast<xcb_window_t>(number);
}

}  // namespace callnative
