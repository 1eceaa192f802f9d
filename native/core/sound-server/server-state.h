// What a sound server reports, as plain values: devices, this program's streams, defaults, and changes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace callnative {

/** A source or a sink. Texts are empty where the server reports none. */
struct ServerDevice {
  std::uint32_t index = 0;
  std::string name, description;
  /** Sources: the name of the sink whose sound this source captures. */
  std::string monitorOf;
  /** Such as module-null-source.c; "PipeWire" on PipeWire. */
  std::string driver;
  /** The device's property list, under the names of pulse/proplist.h. */
  std::string deviceClass, formFactor, bus, alsaCard, alsaCardName, alsaName;
  /** running, idle, suspended or unknown. */
  std::string state;
  bool isMuted = false;
  /** Mean of the channels, in per cent of the nominal volume. */
  double volume = 0;
  /** The active port's description, and whether something is plugged in: yes, no or unknown. Empty without ports. */
  std::string port, portAvailable;
};

/** A stream of this program, known by its property `goop.call.stream`. */
struct ServerStream {
  std::uint32_t index = 0;
  /** Index of its source or sink. */
  std::uint32_t device = 0;
  std::string token;
  bool isPlayback = false;
  bool isMuted = false;
  double volume = 0;
};

/** Something was added, changed or removed. `number` counts the changes of a connection. */
struct ServerChange {
  double number = 0;
  /** sink, source, playback, recording, server or card. */
  const char* what = "";
  /** new, change or remove. */
  const char* how = "";
  std::uint32_t index = 0;
};

struct ServerState {
  /** The number of the last change that this state certainly includes. */
  double through = 0;
  std::string serverName, defaultSink, defaultSource;
  std::vector<ServerDevice> sinks, sources;
  std::vector<ServerStream> streams;
  /** ALSA's numbers of the cards that the server holds. */
  std::vector<std::string> alsaCards;
};

}  // namespace callnative
