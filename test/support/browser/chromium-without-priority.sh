#!/bin/sh
# Chromium without the right to raise its priority, as users start it. As root it gives its compositor, its network and its sound
# a niceness of -8, also when it was started with another, and is then no measure for a program that has none.
if [ "$(id -u)" = 0 ]; then
  exec setpriv --bounding-set=-sys_nice --inh-caps=-sys_nice /usr/bin/chromium "$@"
fi
exec /usr/bin/chromium "$@"
