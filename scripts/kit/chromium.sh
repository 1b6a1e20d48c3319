#!/bin/sh
# Runs Chromium ($HEADEND_CHROMIUM) at a low priority: real viewers have their own machines and take no CPU from the
# encoder. As root, Chromium would raise its own priority (nice -8), so the capability to do that is dropped.
if [ "$(id -u)" = 0 ]; then
  exec setpriv --bounding-set=-sys_nice --inh-caps=-sys_nice nice -n 5 "$HEADEND_CHROMIUM" "$@"
fi
exec nice -n 5 "$HEADEND_CHROMIUM" "$@"
