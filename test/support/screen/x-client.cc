// An X client for tests. It does one command of each line of its input, waits until the server has done it, and answers with
// one line: see x-client.ts.
#include <xcb/randr.h>
#include <xcb/xcb.h>
#include <xcb/xcbext.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>

namespace {

struct FreeDeleter {
  void operator()(void* memory) const { std::free(memory); }
};
template <typename Reply>
using Ptr = std::unique_ptr<Reply, FreeDeleter>;

class Client {
 public:
  Client() : connection_(xcb_connect(nullptr, nullptr)) {
    screen_ = xcb_setup_roots_iterator(xcb_get_setup(connection_)).data;
    context_ = xcb_generate_id(connection_);
    xcb_create_gc(connection_, context_, screen_->root, 0, nullptr);
  }
  ~Client() { xcb_disconnect(connection_); }

  std::string run(const std::string& line) {
    std::istringstream words(line);
    std::string command;
    words >> command;
    if (command == "window") return openWindow(words);
    if (command == "monitor") return setMonitor(words);
    if (command == "fill") return fill(words);
    if (command == "text") return writeText(words);
    if (command == "stamp") return stamp(words);
    if (command == "scroll") return scroll(words);
    if (command == "pointer") return movePointer(words);
    return changeWindow(command, words);
  }

 private:
  static std::uint32_t number(std::istringstream& words) {
    std::string word;
    words >> word;
    return static_cast<std::uint32_t>(std::strtoul(word.c_str(), nullptr, 0));
  }

  /** x y width height border title → its id. The window manages itself: nothing moves it. */
  std::string openWindow(std::istringstream& words) {
    const auto x = static_cast<std::int16_t>(number(words));
    const auto y = static_cast<std::int16_t>(number(words));
    const auto width = static_cast<std::uint16_t>(number(words));
    const auto height = static_cast<std::uint16_t>(number(words));
    const auto border = static_cast<std::uint16_t>(number(words));
    std::string title;
    std::getline(words >> std::ws, title);
    const xcb_window_t window = xcb_generate_id(connection_);
    const std::uint32_t values[] = {0x404040, 0xFFFFFF};
    xcb_create_window(connection_, XCB_COPY_FROM_PARENT, window, screen_->root, x, y, width, height, border,
                      XCB_WINDOW_CLASS_INPUT_OUTPUT, screen_->root_visual, XCB_CW_BACK_PIXEL | XCB_CW_BORDER_PIXEL, values);
    xcb_change_property(connection_, XCB_PROP_MODE_REPLACE, window, XCB_ATOM_WM_NAME, XCB_ATOM_STRING, 8,
                        static_cast<std::uint32_t>(title.size()), title.data());
    xcb_map_window(connection_, window);
    synchronise();
    std::ostringstream id;
    id << "window:0x" << std::hex << window;
    return id.str();
  }

  /** window (0: the root) colour x y width height */
  std::string fill(std::istringstream& words) {
    const xcb_window_t window = number(words);
    const std::uint32_t values[] = {number(words), XCB_SUBWINDOW_MODE_INCLUDE_INFERIORS};
    xcb_change_gc(connection_, context_, XCB_GC_FOREGROUND | XCB_GC_SUBWINDOW_MODE, values);
    const xcb_rectangle_t area{static_cast<std::int16_t>(number(words)), static_cast<std::int16_t>(number(words)),
                               static_cast<std::uint16_t>(number(words)), static_cast<std::uint16_t>(number(words))};
    xcb_poly_fill_rectangle(connection_, window == 0 ? screen_->root : window, context_, 1, &area);
    return synchronise();
  }

  /** window x y text: black on white, in the small font that every server has */
  std::string writeText(std::istringstream& words) {
    const xcb_window_t window = number(words);
    const auto x = static_cast<std::int16_t>(number(words));
    const auto y = static_cast<std::int16_t>(number(words));
    std::string text;
    std::getline(words >> std::ws, text);
    const xcb_font_t font = xcb_generate_id(connection_);
    xcb_open_font(connection_, font, 5, "fixed");
    const std::uint32_t values[] = {0x000000, 0xFFFFFF, font};
    xcb_change_gc(connection_, context_, XCB_GC_FOREGROUND | XCB_GC_BACKGROUND | XCB_GC_FONT, values);
    xcb_image_text_8(connection_, static_cast<std::uint8_t>(text.size()), window == 0 ? screen_->root : window, context_, x, y,
                     text.c_str());
    xcb_close_font(connection_, font);
    return synchronise();
  }

  /** CRC-16/CCITT-FALSE over the bytes of a word, the highest first. */
  static std::uint32_t checkSum(std::uint64_t word, int bytes) {
    std::uint32_t sum = 0xFFFF;
    for (int at = bytes - 1; at >= 0; at--) {
      sum ^= static_cast<std::uint32_t>(word >> (8 * at) & 0xFF) << 8;
      for (int bit = 0; bit < 8; bit++) sum = (sum & 0x8000) != 0 ? (sum << 1 ^ 0x1021) & 0xFFFF : sum << 1;
    }
    return sum;
  }

  void fillPart(xcb_drawable_t target, std::uint32_t colour, const xcb_rectangle_t& part) {
    xcb_change_gc(connection_, context_, XCB_GC_FOREGROUND, &colour);
    xcb_poly_fill_rectangle(connection_, target, context_, 1, &part);
  }

  /** sequence: the time and this number over the top eighth of the screen, as in the test pattern. No capture sees a half of it. */
  std::string stamp(std::istringstream& words) {
    const std::uint64_t sequence = number(words) & 0xFFFF;
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto ticks = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(now).count() / 100);
    const std::uint64_t upper = (ticks & 0xFFFFFFFF) << 16 | sequence;
    const std::uint64_t cells = upper << 16 | checkSum(upper, 6);
    const std::uint16_t width = screen_->width_in_pixels;
    const auto row = static_cast<std::uint16_t>(screen_->height_in_pixels / 16);
    const auto both = static_cast<std::uint16_t>(2 * row);
    const xcb_pixmap_t pixmap = xcb_generate_id(connection_);
    xcb_create_pixmap(connection_, screen_->root_depth, pixmap, screen_->root, width, both);
    for (int cell = 0; cell < 64; cell++) {
      const auto left = static_cast<std::int16_t>(cell % 32 * width / 32);
      const auto right = static_cast<std::int16_t>((cell % 32 + 1) * width / 32);
      const std::uint32_t colour = (cells >> (63 - cell) & 1) != 0 ? 0xFFFFFF : 0;
      fillPart(pixmap, colour, {left, static_cast<std::int16_t>(cell / 32 * row), static_cast<std::uint16_t>(right - left), row});
    }
    xcb_copy_area(connection_, pixmap, screen_->root, context_, 0, 0, 0, 0, width, both);
    xcb_free_pixmap(connection_, pixmap);
    return synchronise();
  }

  /** pixels: moves what is below the stamp up, and paints stripes of changing colours below it */
  std::string scroll(std::istringstream& words) {
    const auto step = static_cast<std::int16_t>(number(words));
    const auto top = static_cast<std::int16_t>(screen_->height_in_pixels / 8);
    const auto kept = static_cast<std::int16_t>(screen_->height_in_pixels - step);
    const std::uint16_t width = screen_->width_in_pixels;
    xcb_copy_area(connection_, screen_->root, screen_->root, context_, 0, static_cast<std::int16_t>(top + step), 0, top, width,
                  static_cast<std::uint16_t>(kept - top));
    for (std::int16_t left = 0; left < static_cast<std::int16_t>(width); left = static_cast<std::int16_t>(left + 40)) {
      painted_ = painted_ * 1103515245 + 12345;
      fillPart(screen_->root, painted_ & 0xFFFFFF, {left, kept, 40, static_cast<std::uint16_t>(step)});
    }
    return synchronise();
  }

  std::string movePointer(std::istringstream& words) {
    const auto x = static_cast<std::int16_t>(number(words));
    const auto y = static_cast<std::int16_t>(number(words));
    xcb_warp_pointer(connection_, XCB_NONE, screen_->root, 0, 0, 0, 0, x, y);
    return synchronise();
  }

  std::string changeWindow(const std::string& command, std::istringstream& words) {
    const xcb_window_t window = number(words);
    if (command == "map") xcb_map_window(connection_, window);
    if (command == "unmap") xcb_unmap_window(connection_, window);
    if (command == "close") xcb_destroy_window(connection_, window);
    if (command == "border") {
      const std::uint32_t width = number(words);
      xcb_configure_window(connection_, window, XCB_CONFIG_WINDOW_BORDER_WIDTH, &width);
    }
    if (command == "resizeTwice") {
      for (int turn = 0; turn < 2; turn++) {
        const std::uint32_t values[] = {number(words), number(words)};
        xcb_configure_window(connection_, window, XCB_CONFIG_WINDOW_WIDTH | XCB_CONFIG_WINDOW_HEIGHT, values);
      }
    }
    if (command == "resize" || command == "move") {
      const std::uint32_t values[] = {number(words), number(words)};
      const std::uint16_t mask = command == "move" ? XCB_CONFIG_WINDOW_X | XCB_CONFIG_WINDOW_Y
                                                   : XCB_CONFIG_WINDOW_WIDTH | XCB_CONFIG_WINDOW_HEIGHT;
      xcb_configure_window(connection_, window, mask, values);
    }
    return synchronise();
  }

  /** name x y width height: a monitor of the display's own, set or changed; without a size it is removed */
  std::string setMonitor(std::istringstream& words) {
    std::string name;
    words >> name;
    const auto intern = xcb_intern_atom(connection_, 0, static_cast<std::uint16_t>(name.size()), name.c_str());
    const Ptr<xcb_intern_atom_reply_t> atom(xcb_intern_atom_reply(connection_, intern, nullptr));
    if (!atom) return "no atom";
    xcb_randr_monitor_info_t info{};
    info.name = atom->atom;
    info.x = static_cast<std::int16_t>(number(words));
    info.y = static_cast<std::int16_t>(number(words));
    info.width = static_cast<std::uint16_t>(number(words));
    info.height = static_cast<std::uint16_t>(number(words));
    info.width_in_millimeters = info.width;
    info.height_in_millimeters = info.height;
    // The server does not change a monitor: it is removed and added again.
    xcb_randr_delete_monitor(connection_, screen_->root, info.name);
    if (info.width == 0) return synchronise();
    const Ptr<xcb_generic_error_t> refused(xcb_request_check(connection_, setMonitorTo(info)));
    return refused ? "refused with error " + std::to_string(refused->error_code) : "ok";
  }

  /** xcb 1.15's own function sends a wrong length, for which the server closes the connection. */
  xcb_void_cookie_t setMonitorTo(const xcb_randr_monitor_info_t& info) {
    struct {
      std::uint8_t extension = 0;
      std::uint8_t request = 0;
      std::uint16_t length = 0;
      xcb_window_t window = 0;
      xcb_randr_monitor_info_t info{};
    } request;
    request.window = screen_->root;
    request.info = info;
    // xcb_send_request(3): two entries before the first are xcb's own.
    iovec parts[3] = {};
    parts[2] = {&request, sizeof request};
    const xcb_protocol_request_t protocol{1, &xcb_randr_id, XCB_RANDR_SET_MONITOR, 1};
    return {xcb_send_request(connection_, XCB_REQUEST_CHECKED, parts + 2, &protocol)};
  }

  std::string synchronise() {
    const Ptr<xcb_get_input_focus_reply_t> reply(
        xcb_get_input_focus_reply(connection_, xcb_get_input_focus(connection_), nullptr));
    return reply ? "ok" : "the server has gone";
  }

  xcb_connection_t* connection_;
  xcb_screen_t* screen_ = nullptr;
  xcb_gcontext_t context_ = 0;
  /** Of the last stripe; changes without a pattern that an encoder would find. */
  std::uint32_t painted_ = 1;
};

}  // namespace

int main() {
  Client client;
  for (std::string line; std::getline(std::cin, line);) std::cout << client.run(line) << std::endl;
}
