#!/bin/sh
# All that is tested, the fast first: `tests/all.sh` runs everything, `tests/all.sh fast` leaves the lab out.
# Every cargo call takes the whole workspace, so that each dependency is built once.
set -eu
cd "$(dirname "$0")/.."
. tests/steps.sh
sh tests/setup.sh

valid() {
  for suite in checks/story-*; do "${CARGO_TARGET_DIR:-target}/debug/checkrun" validate "$suite" || return; done
}

step "format" cargo fmt --all --check
step "lints" cargo clippy --workspace --all-targets --quiet -- -D warnings
step "build" cargo build --workspace --all-targets --quiet
step "unit and integration tests" cargo test --workspace --quiet
step "shipped suites are valid" valid
all_passed

if [ "${1:-}" = fast ]; then
  echo "left out: the lab of real servers (clusters, Kafka, registry, metrics, logs) and all that is tested on it"
  exit 0
fi
exec sh tests/lab.sh
