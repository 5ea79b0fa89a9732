#!/bin/sh
# Installs what a build needs on Debian and is not there: a C compiler, make, OpenSSL and zlib for librdkafka, Rust.
set -eu
missing=""
need() { dpkg -s "$1" >/dev/null 2>&1 || missing="$missing $1"; }
if command -v dpkg >/dev/null 2>&1; then
  for package in gcc g++ make pkg-config libssl-dev zlib1g-dev ca-certificates git; do need "$package"; done
  if [ -n "$missing" ]; then
    echo "installing Debian packages:$missing" >&2
    if [ "$(id -u)" = 0 ]; then sudo=""; else sudo="sudo"; fi
    $sudo apt-get update -q >&2
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -q --no-install-recommends $missing >&2
  fi
fi
if ! command -v cargo >/dev/null 2>&1; then
  echo "cargo is not here: install Rust 1.95 or newer (rustup.rs), then run this again" >&2
  exit 3
fi
