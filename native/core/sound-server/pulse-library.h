// libpulse, loaded at run time: a machine without a sound server does not need it. Only the headers are needed to build.
#pragma once

#include <pulse/pulseaudio.h>

#include <string>

namespace callnative {

/** The functions of libpulse.so.0 that server-connection uses, under their names without `pa_`. */
struct PulseLibrary {
#define CALLNATIVE_PULSE_FUNCTIONS(F)                                                                             \
  F(mainloop_new) F(mainloop_free) F(mainloop_iterate) F(mainloop_wakeup) F(mainloop_get_api) F(context_new)      \
  F(context_unref) F(context_connect) F(context_disconnect) F(context_errno) F(context_get_state)                 \
  F(context_set_state_callback) F(context_set_subscribe_callback) F(context_subscribe)                            \
  F(context_load_cookie_from_file) F(context_get_server_info) F(context_get_sink_info_list)                       \
  F(context_get_source_info_list) F(context_get_sink_input_info_list) F(context_get_source_output_info_list)      \
  F(context_get_card_info_list) F(operation_unref) F(proplist_gets) F(cvolume_avg) F(strerror)
#define CALLNATIVE_PULSE_MEMBER(name) decltype(&pa_##name) name = nullptr;
  CALLNATIVE_PULSE_FUNCTIONS(CALLNATIVE_PULSE_MEMBER)
#undef CALLNATIVE_PULSE_MEMBER
};

/** Loads libpulse at the first call and keeps it. Any thread. Returns null and sets `problem` when it cannot be used. */
const PulseLibrary* loadPulseLibrary(std::string& problem);

}  // namespace callnative
