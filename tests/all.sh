#!/bin/sh
# All that is tested, the fast first: `tests/all.sh` runs everything, `tests/all.sh fast` leaves the lab out.
# Every cargo call takes the whole workspace, so that each dependency is built once.
set -eu
cd "$(dirname "$0")/.."
sh tests/setup.sh

step() { printf '\n== %s\n' "$*"; }

step "format"
cargo fmt --all --check
step "lints"
cargo clippy --workspace --all-targets --quiet -- -D warnings
step "unit and integration tests"
cargo build --workspace --all-targets --quiet
cargo test --workspace --quiet
step "shipped suites are valid"
for suite in checks/story-*; do "${CARGO_TARGET_DIR:-target}/debug/checkrun" validate "$suite"; done

if [ "${1:-}" = fast ]; then
  echo "left out: the lab of real servers (clusters, Kafka, registry, metrics, logs) and all that is tested on it"
  exit 0
fi
step "the lab of real servers"
sh tests/lab.sh
