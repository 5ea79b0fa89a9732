#!/bin/sh
# All that is tested, the fast first: `tests/all.sh` runs everything, `tests/all.sh fast` leaves the lab out.
set -eu
cd "$(dirname "$0")/.."
sh tests/setup.sh

step() { printf '\n== %s\n' "$*"; }

step "format"
cargo fmt --all --check
step "lints"
cargo clippy --workspace --all-targets --quiet -- -D warnings
step "unit and integration tests"
cargo test --workspace --quiet
step "generated files are fresh, shipped suites are valid"
cargo run --quiet -- schema --check
for suite in checks/story-*; do cargo run --quiet -- validate "$suite"; done

if [ "${1:-}" = fast ]; then
  echo "left out: the lab of real servers (clusters, Kafka, registry, metrics, logs) and all that is tested on it"
  exit 0
fi
step "the lab of real servers"
sh tests/lab.sh
