#!/bin/sh
# Lighthouse starts Chromium in a process group of its own, which would outlive a Lighthouse that was killed.
# Stands in front of Chromium and ends that group together with the one who asked for it.
"$HEADROOM_CHROMIUM" "$@" &
browser=$!
while kill -0 "$PPID" 2>/dev/null && kill -0 "$browser" 2>/dev/null; do sleep 1; done
kill -0 "$PPID" 2>/dev/null || kill -KILL 0
wait "$browser"
