# Sourced by the scripts beside it.
# shellcheck shell=bash

# shellcheck disable=SC2034  # the scripts use it
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Open MPI refuses to run as root unless told twice.
if [[ $(id -u) == 0 ]]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi

# say COMMAND...: shows a command that is about to run.
say() {
    printf '+%s\n' "$(printf ' %q' "$@")" >&2
}

run() {
    say "$@"
    "$@"
}

# fail MESSAGE: the message of an error, in the form of the program's own.
fail() {
    printf 'hoist: %s\n' "$1" >&2
    exit "${2:-1}"
}

# The cores that this process may use: hardware threads of one core count once, as they do for mpirun.
count_cores() {
    local allowed physical
    allowed=$(env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc)
    physical=$(lscpu --parse=CORE,SOCKET | grep -v '^#' | sort -u | wc -l)
    echo $((physical > 0 && physical < allowed ? physical : allowed))
}

# configure OPTION...: makes or refreshes build/, with Ninja unless it was made otherwise. Several files are compiled together
# (a unity build), which takes a third of the time that a build of all of them takes alone.
configure() {
    local generator=()
    [[ -e build/CMakeCache.txt ]] || generator=(-G Ninja)
    run cmake -S . -B build "${generator[@]}" -DCMAKE_BUILD_TYPE=Release -DCMAKE_UNITY_BUILD=ON "$@"
}

# require_count OPTION VALUE: ends, with the script's `usage`, where the value is not a whole number above 0.
require_count() {
    # shellcheck disable=SC2154
    [[ $2 =~ ^[1-9][0-9]*$ ]] || fail "$1 $2 is not valid (it must be a whole number above 0); $usage" 64
}

# find_program: sets `program` to the hoist that has been built.
find_program() {
    program=$root/build/hoist
    [[ -x $program ]] ||
        fail "there is no $program (it is not built yet); run launch/quickstart, or cmake as the README says" 66
}

# run_mpirun ARGUMENT...: runs mpirun and ends with its status.
# On Ctrl-C, or when the terminal closes, a run writes a checkpoint. mpirun itself would give it a second for that and hide
# its status, so it is kept from the terminal's signals and passes on one that it does not act on.
run_mpirun() {
    say mpirun "$@"
    setsid mpirun "$@" &
    local mpirun=$! interrupted status
    trap 'interrupted=yes; kill -USR1 "$mpirun" || true' INT TERM HUP USR1 USR2 XCPU
    while
        interrupted=no
        status=0
        wait "$mpirun" || status=$?
        [[ $interrupted == yes ]]
    do :; done
    exit "$status"
}
