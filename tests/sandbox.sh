#!/bin/sh
# The main job without a cluster: builds checkrun and runs story 49 in the sandbox, an embedded platform. More words go to checkrun.
set -eu
cd "$(dirname "$0")/.."
sh tests/setup.sh
cargo build --quiet --package checkrun
exec "${CARGO_TARGET_DIR:-target}/debug/checkrun" checks/story-49 --target sandbox "$@"
