#!/usr/bin/env bash
# Makes resources.json and schemas.json from the published description of Kubernetes' own API: which resources the
# built-in groups have, and the schemas of their objects without prose. One argument: the source of Kubernetes
# (`go mod download -json k8s.io/kubernetes@v1.34.4` says where it is). Needs jq.
# The two files are derived from Kubernetes, which is licensed under the Apache License 2.0.
set -euo pipefail
api="$1/api"
cd "$(dirname "$0")"
groups=(api__v1 apis__apps__v1 apis__batch__v1 apis__policy__v1 apis__autoscaling__v2 apis__rbac.authorization.k8s.io__v1
  apis__networking.k8s.io__v1 apis__storage.k8s.io__v1 apis__discovery.k8s.io__v1 apis__events.k8s.io__v1
  apis__coordination.k8s.io__v1 apis__scheduling.k8s.io__v1 apis__apiextensions.k8s.io__v1
  apis__admissionregistration.k8s.io__v1 apis__apiregistration.k8s.io__v1 apis__authorization.k8s.io__v1
  apis__authentication.k8s.io__v1)

# One line a resource; its subresources (`pods/log`) stand in it.
resources() {
  for group in "${groups[@]}"; do
    jq -c '(.groupVersion | split("/")) as $gv | .resources as $all
      | $all[] | select(.name | contains("/") | not) | .name as $name
      | { group: (if $gv[1] then $gv[0] else "" end), version: $gv[-1], kind, plural: .name, singular: .singularName,
          namespaced, verbs, short: (.shortNames // []), categories: (.categories // []),
          parts: [$all[] | select(.name | startswith($name + "/"))
            | { name: (.name | split("/")[1]), kind, group: (.group // ""), version: (.version // ""), verbs }] }' \
      "$api/discovery/$group.json"
  done
}

# One line a schema: no descriptions, and a reference that stands alone in `allOf` stands without it.
schemas() {
  for group in "${groups[@]}"; do jq '.components.schemas' "$api/openapi-spec/v3/${group}_openapi.json"; done | jq -cs '
    def bare:
      if type == "object" then
        (if (.allOf | type) == "array" and (.allOf | length) == 1 then . + .allOf[0] | del(.allOf) else . end)
        | with_entries(select(.key != "description" or (.value | type) != "string") | .value |= bare)
      elif type == "array" then map(bare) else . end;
    add | to_entries | sort_by(.key)[] | "\(.key | tojson):\(.value | bare | tojson)"' | jq -r .
}

resources | sed -e '1s/^/[\n/' -e '1!s/^/,/' -e '$s/$/\n]/' >resources.json
schemas | sed -e '1s/^/{\n/' -e '1!s/^/,/' -e '$s/$/\n}/' >schemas.json
