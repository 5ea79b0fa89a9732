#!/bin/sh
# The main job on real servers: builds checkrun and the lab, starts the lab, runs story 49 on it, then breaks things.
# `tests/lab.sh run` stops after the suite; `tests/lab.sh self` tests the lab itself: a smoke test a part, every fault
# shown from outside, kills at random moments.
set -eu
cd "$(dirname "$0")/.."
sh tests/setup.sh
cargo build --workspace --all-targets --quiet
target="${CARGO_TARGET_DIR:-target}/debug"
"$target/lab" build
story="\"$target/checkrun\" checks/story-49 --target \"\$CHECKRUN_LAB_TARGET\""
if [ "${1:-all}" = run ]; then
  exec "$target/lab" run apps infra kafka strimzi registry metrics logs volsync -- sh -c "$story"
fi
if [ "${1:-all}" = self ]; then
  "$target/lab" run -- sh -c "\"$target/lab\" smoke && \"$target/lab\" prove"
  exec "$target/lab" --name torture torture 20 apps
fi
export LAB="$target/lab"
exec "$target/lab" run -- sh -c "\"$target/lab\" smoke && $story && cargo test --workspace --quiet --test suite -- faults storm watch"
