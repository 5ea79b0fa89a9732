#!/bin/sh
# The main job on real servers: builds checkrun and the lab, starts the lab, runs story 49 on it, then the faults.
# `tests/lab.sh run` stops after the suite.
set -eu
cd "$(dirname "$0")/.."
sh tests/setup.sh
cargo build --quiet --package checkrun --package lab
target="${CARGO_TARGET_DIR:-target}/debug"
"$target/lab" build
if [ "${1:-all}" = run ]; then
  exec "$target/lab" run -- sh -c "\"$target/checkrun\" checks/story-49 --target \"\$CHECKRUN_LAB_TARGET\""
fi
exec "$target/lab" run -- sh -c "\"$target/checkrun\" checks/story-49 --target \"\$CHECKRUN_LAB_TARGET\" && LAB=\"$target/lab\" cargo test --quiet --test suite faults"
