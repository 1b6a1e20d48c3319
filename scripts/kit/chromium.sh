#!/bin/sh
# Runs Chromium ($HEADEND_CHROMIUM) below everything else: a viewer has a machine of their own and takes no CPU from the encoder.
# As root it would even put itself above (a nice value of -8), which nobody's browser can.
if [ "$(id -u)" = 0 ]; then
  exec setpriv --bounding-set=-sys_nice --inh-caps=-sys_nice nice -n 5 "$HEADEND_CHROMIUM" "$@"
fi
exec nice -n 5 "$HEADEND_CHROMIUM" "$@"
