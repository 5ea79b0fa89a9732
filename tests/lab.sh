#!/bin/sh
# All that is tested on real servers: builds checkrun and the lab, starts the lab once, runs every step on it, ends it.
# `tests/lab.sh run` runs the suite on the parts that it asks, beside its sandbox, and shows that 200 waits are one watch.
set -eu
cd "$(dirname "$0")/.."
. tests/steps.sh
target="${CARGO_TARGET_DIR:-target}/debug"
export LAB="$target/lab"

# What runs while the lab is up: `lab run` calls this script with `first` or `steps`.
story() { "$target/checkrun" checks/story-49 --target "$CHECKRUN_LAB_TARGET"; }
suite() { cargo test --workspace --quiet --test suite -- --nocapture "$1::"; }
conformance() {
  KUBE_CONFORMANCE_KUBECONFIG=$LAB_INFRA_KUBECONFIG cargo test --workspace --quiet --test conformance -- --nocapture &&
    KUBECTL="$LAB_KUBELAB kubectl" cargo test --workspace --quiet --test kube -- --nocapture kubectl::
}
first() {
  step "story 49 passes" story
  step "the sandbox judges as the lab does" suite beside
  step "200 waits are one watch" suite watch
  step "the real API server answers as the sandbox's, which kubectl takes for one" conformance
}
if [ "${1:-}" = first ]; then
  first
  all_passed
  exit 0
fi
if [ "${1:-}" = steps ]; then
  trap 'for lab in torture-1 torture-2 torture-by; do "$LAB" --name $lab down; done' EXIT
  trap 'exit 143' TERM
  trap 'exit 130' INT
  step "each part does its work" "$LAB" smoke
  first
  step "story 49 fails where the platform is broken" suite faults
  step "runs that are stopped or killed leave nothing" suite storm
  step "each fault is seen from outside and healed" "$LAB" prove
  step "a lab that is killed leaves nothing" "$LAB" --name torture torture 20 apps
  all_passed
  exit 0
fi

sh tests/setup.sh
step "build of checkrun and the lab's program" cargo build --workspace --all-targets --quiet
step "build of the lab's servers" "$LAB" build
all_passed
if [ "${1:-all}" = run ]; then
  exec "$LAB" run apps infra kafka strimzi registry metrics logs volsync -- sh tests/lab.sh first
fi
exec "$LAB" run -- sh tests/lab.sh steps
