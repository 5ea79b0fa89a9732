# What the test scripts share: `step NAME COMMAND…` runs a command and says how long it took; `all_passed` ends the script
# with 1 if a step failed. A step that fails does not hide the next.
failed=""

step() {
  name=$1
  shift
  began=$(date +%s)
  printf '\n== %s\n' "$name"
  outcome=passed
  "$@" || { outcome=FAILED; failed="$failed; $name"; }
  printf -- '-- %s: %s in %s s\n' "$name" "$outcome" $(($(date +%s) - began))
}

all_passed() {
  [ -z "$failed" ] && return
  echo "failed:${failed#;}" >&2
  exit 1
}
