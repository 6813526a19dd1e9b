# Sourced by the scripts beside it.
# shellcheck shell=bash

# shellcheck source=launch/steps.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../launch/steps.sh"

# isolate ARGUMENT...: starts the script again with --inside and these arguments, as root, in namespaces of its own
# (processes, mounts, network, names). All that is started there ends with the script, however that ends, and nothing there
# touches the network of the machine, or its /run and /dev/shm.
isolate() {
    local enter=(unshare --pid --fork --kill-child --mount --mount-proc --net --uts --ipc)
    if [[ $(id -u) != 0 ]]; then
        command -v sudo > /dev/null || fail "cannot make namespaces (not root, and there is no sudo); run as root"
        enter=(sudo env "PATH=$PATH" "HOIST=${HOIST:-}" "HOIST_SOURCE=${HOIST_SOURCE:-}" "${enter[@]}")
    fi
    "${enter[@]}" mount -t tmpfs tmpfs /run || fail "cannot make namespaces (root lacks CAP_SYS_ADMIN or CAP_NET_ADMIN \
here); run on a machine of your own, or in a container with --privileged"
    exec "${enter[@]}" "$0" --inside "$@"
}

# require PROGRAM...: ends with a message where a program is missing.
require() {
    local program
    for program; do
        command -v "$program" > /dev/null || fail "there is no $program (packages of the tests are missing); run \
launch/install-dependencies --tests"
    done
}

# until_true SECONDS COMMAND...: waits until COMMAND succeeds; fails where it does not in time.
until_true() {
    local end=$((SECONDS + $1))
    shift
    until "$@" > /dev/null 2>&1; do
        if ((SECONDS > end)); then return 1; fi
        sleep 0.05
    done
}
