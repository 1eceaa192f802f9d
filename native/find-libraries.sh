#!/bin/sh
# Prints what the compiler must know of the add-ons' libraries, for binding.gyp: `find-libraries.sh cflags|libraries|defines`.
# pkg-config knows where each system keeps them. If one is missing, names it and its packages, and fails. Two add-ons are left out
# without their libraries: `pipewire` prints a version or `missing`, `has-x11` 1 or 0, and pipewire-cflags, pipewire-libraries,
# x11-cflags and x11-libraries what they need.
set -eu

# Arguments: what is missing, and its package on Debian and Ubuntu, on Fedora, on Arch.
missing() {
  echo "find-libraries: $1 is missing. Debian and Ubuntu: sudo apt-get install $2. Fedora: sudo dnf install $3. Arch: sudo pacman -S $4." >&2
  exit 1
}

command -v pkg-config >/dev/null || missing pkg-config pkg-config pkgconf-pkg-config pkgconf

x11='xcb xcb-composite xcb-damage xcb-randr xcb-shm xcb-xfixes'
# shellcheck disable=SC2086 # $x11 is a list of words
case ${1:-} in
  pipewire)
    pkg-config --modversion libpipewire-0.3 2>/dev/null || echo missing
    exit
    ;;
  # Its headers are full of macros that the compiler's warnings do not like.
  pipewire-cflags)
    pkg-config --cflags libpipewire-0.3 | sed 's/-I/-isystem/g'
    exit
    ;;
  pipewire-libraries)
    pkg-config --libs libpipewire-0.3
    exit
    ;;
  has-x11)
    if pkg-config --exists $x11; then echo 1; else echo 0; fi
    exit
    ;;
  x11-cflags)
    pkg-config --cflags $x11
    exit
    ;;
esac

# AEC3 comes with 1.x, so the newest goes first.
voice=''
for name in webrtc-audio-processing-2 webrtc-audio-processing-1 webrtc-audio-processing; do
  if pkg-config --exists "$name"; then
    voice=$name
    break
  fi
done
case $voice in
  '') missing webrtc-audio-processing libwebrtc-audio-processing-dev webrtc-audio-processing-devel webrtc-audio-processing-1 ;;
  *-[12]) api=${voice##*-} ;;
  *) api=0 ;;
esac

linked="$voice libturbojpeg libjpeg"
for name in libturbojpeg libjpeg; do
  pkg-config --exists "$name" ||
    missing "$name" "libturbojpeg0-dev libjpeg-dev" "turbojpeg-devel libjpeg-turbo-devel" libjpeg-turbo
done

pkg-config --exists speexdsp || missing speexdsp libspeexdsp-dev speexdsp-devel speexdsp
linked="$linked speexdsp"

# Debian's libyuv has no pkg-config file.
yuv=''
if pkg-config --exists libyuv; then
  linked="$linked libyuv"
elif printf '#include <libyuv.h>\n' | ${CXX:-c++} -xc++ -fsyntax-only - 2>/dev/null; then
  yuv=-lyuv
else
  missing libyuv libyuv-dev libyuv-devel libyuv
fi

# Only their headers: these libraries are loaded at run time.
pkg-config --exists libpulse || missing "libpulse's header" libpulse-dev pulseaudio-libs-devel libpulse
pkg-config --exists alsa || missing "alsa's header" libasound2-dev alsa-lib-devel alsa-lib

# shellcheck disable=SC2086 # lists of words
case ${1:-} in
  cflags) pkg-config --cflags $linked libpulse alsa ;;
  # pkg-config also names what the libraries use themselves. The add-on need not load that by name.
  libraries) echo "-Wl,--as-needed $(pkg-config --libs $linked) $yuv -ldl" ;;
  x11-libraries) echo "-Wl,--as-needed $(pkg-config --libs $x11) $yuv" ;;
  defines)
    echo "VOICE_LIBRARY_API=$api VOICE_LIBRARY_VERSION=$(pkg-config --modversion "$voice")" \
      "RESAMPLER_VERSION=$(pkg-config --modversion speexdsp)"
    ;;
  *)
    echo "find-libraries: '${1:-}', expected cflags, libraries, defines, or pipewire, has-x11 and theirs" >&2
    exit 1
    ;;
esac
