// One connection to an X server, with the extensions that capturing needs. Used by one thread at a time.
#pragma once

#include <xcb/xcb.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>

namespace callnative {

struct FreeDeleter {
  void operator()(void* memory) const { std::free(memory); }
};
/** A reply or an event of xcb, which the caller must free. */
template <typename Reply>
using XcbPtr = std::unique_ptr<Reply, FreeDeleter>;

/** A rectangle in pixels. */
struct Area {
  int x = 0;
  int y = 0;
  int width = 0;
  int height = 0;
  /** Of a window: the width of its border, which its pixmap includes and `width` does not. */
  int border = 0;
  bool operator==(const Area&) const = default;
};

/** What the server offers. Without these there are fallbacks: see x11/README.md. */
struct Extensions {
  /** MIT-SHM 1.2, which takes a descriptor. */
  bool hasShm = false;
  bool hasRandr = false;
  bool hasFixes = false;
  bool hasComposite = false;
  /** Number of the DamageNotify event; absent without the extension. */
  std::optional<std::uint8_t> damageEvent;
  std::uint8_t randrEvent = 0;
  std::uint8_t fixesEvent = 0;
};

class Display {
 public:
  /** Connects to `name`, or to $DISPLAY if it is empty. Throws SystemError when that fails. */
  explicit Display(const std::string& name);

  xcb_connection_t* get() const { return connection_.get(); }
  const xcb_screen_t& screen() const { return *screen_; }
  xcb_window_t root() const { return screen_->root; }
  const Extensions& extensions() const { return extensions_; }
  /** 0 if the server does not know the name. */
  xcb_atom_t atom(const char* name) const;
  /** Throws SystemError when the connection has ended. */
  void assertAlive() const;

 private:
  struct Disconnect {
    void operator()(xcb_connection_t* connection) const { xcb_disconnect(connection); }
  };

  void findExtensions();

  std::string name_;
  std::unique_ptr<xcb_connection_t, Disconnect> connection_;
  xcb_screen_t* screen_ = nullptr;
  Extensions extensions_;
};

}  // namespace callnative
