#!/bin/sh
# The speed of checkrun beside its peers (hurl 8.0.1, goss v0.4.10), which are built once: medians and ratios.
# `tests/bench.sh [startup|http|trivial|plan|faults|all]`, `ROUNDS=7`. Wants Go for goss; a peer that cannot be built is left out by name.
# `tests/bench.sh sizes` counts files, functions and tests, and shows which crate stands on which;
# `tests/bench.sh build` times both builds that users meet, with nothing built before.
set -eu
cd "$(dirname "$0")/.."
what="${1:-all}"
if [ "$what" = sizes ]; then
  cargo run --quiet --package bench -- sizes
  echo "floors: each crate, and those of ours that it builds on"
  for crate in model yaml lang judge spec report kinds run sandbox; do
    below=$(cargo tree --quiet --package "checkrun-$crate" --edges normal --prefix none --depth 1 |
      sed -n '2,$ s/^checkrun-\([a-z]*\) .*/\1/p' | sort -u | tr '\n' ' ')
    echo "  $crate: ${below:-none}"
  done
  exit 0
fi
sh tests/setup.sh
if [ "$what" = build ]; then
  cargo fetch --quiet
  for profile in dev release; do
    cold=$(mktemp -d)
    began=$(date +%s)
    CARGO_TARGET_DIR=$cold cargo build --quiet --profile "$profile" --package checkrun
    bytes=$(wc -c <"$(ls "$cold"/*/checkrun)")
    echo "cold build, profile $profile: $(($(date +%s) - began)) s, binary $bytes bytes"
    rm -r "$cold"
  done
  exit 0
fi
peers="${CHECKRUN_PEERS:-${HOME}/.cache/checkrun-peers}"
mkdir -p "$peers"
if [ ! -x "$peers/bin/hurl" ]; then
  echo "building hurl 8.0.1 into $peers" >&2
  if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends libcurl4-openssl-dev libxml2-dev libclang-dev >&2
  fi
  cargo install --quiet hurl --version 8.0.1 --locked --root "$peers" || echo "left out: hurl cannot be built here" >&2
fi
if [ ! -x "$peers/bin/goss" ] && command -v go >/dev/null 2>&1; then
  echo "building goss v0.4.10 into $peers" >&2
  mkdir -p "$peers/goss"
  (cd "$peers/goss" && { [ -f go.mod ] || go mod init peers; } && go get -tool github.com/goss-org/goss/cmd/goss@v0.4.10 &&
    go build -trimpath -ldflags "-s -w" -o "$peers/bin/goss" github.com/goss-org/goss/cmd/goss) >&2 ||
    echo "left out: goss cannot be built here" >&2
fi
cargo build --quiet --release --package checkrun --package bench
target="${CARGO_TARGET_DIR:-target}/release"
export CHECKRUN="$target/checkrun"
if [ -x "$peers/bin/hurl" ]; then export HURL="$peers/bin/hurl"; fi
if [ -x "$peers/bin/goss" ]; then export GOSS="$peers/bin/goss"; fi
"$target/bench" "$what"
ls -l "$target/checkrun" | awk '{ printf "binary: %.1f MB\n", $5 / 1e6 }'
