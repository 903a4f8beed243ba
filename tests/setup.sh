# shellcheck shell=bash
# What tests/run.sh and examples/quickstart.sh share: packages, npm, and stages that are quiet unless
# they fail. Sourced with `root` set to the source tree.

root=${root:?is set by the script that sources this}
logs=$root/build/logs
mkdir -p "$logs"

# stage NAME COMMAND…: one line with its duration; the end of its log when it fails.
stage() {
  local name=$1 log start
  shift
  log=$logs/${name//[^A-Za-z0-9]/-}.log
  start=$SECONDS
  if "$@" >"$log" 2>&1 </dev/null; then
    printf '%-44s %4d s\n' "$name" $((SECONDS - start))
    return 0
  fi
  printf '%-44s FAILED after %d s; the end of %s:\n' "$name" $((SECONDS - start)) "${log#"$root"/}"
  tail -n 40 "$log"
  return 1
}

# build_stage NAME FOLDER: builds it, and shows how far it is: on a terminal in one line, else in a line for each tenth.
build_stage() {
  local name=$1 folder=$2 log start=$SECONDS
  log=$logs/${name//[^A-Za-z0-9]/-}.log
  if NINJA_STATUS='[%p] ' cmake --build "$folder" 2>&1 </dev/null | tee "$log" | show_progress "$name"; then
    printf '%-44s %4d s\n' "$name" $((SECONDS - start))
    return 0
  fi
  printf '%-44s FAILED after %d s; the end of %s:\n' "$name" $((SECONDS - start)) "${log#"$root"/}"
  tail -n 40 "$log"
  return 1
}
# show_progress NAME: reads what ninja prints.
show_progress() {
  local name=$1 start=$SECONDS line percent=0 shown=0 status
  while true; do
    status=0
    read -r -t 1 line || status=$?
    ((status == 0 || status > 128)) || break  # above 128: nothing for a second
    [[ $status != 0 || ! $line =~ ^\[\ *([0-9]+)%\] ]] || percent=${BASH_REMATCH[1]}
    if [[ -t 1 ]]; then
      printf '\r%-44s %4d s  %3d %%' "$name" $((SECONDS - start)) "$percent"
    elif ((percent >= shown + 10 && percent < 100)); then
      shown=$((percent - percent % 10))
      printf '%-44s %4d s  %3d %%\n' "$name" $((SECONDS - start)) "$percent"
    fi
  done
  if [[ -t 1 ]]; then printf '\r\033[K'; fi
}

# missing_packages base|test: names in apt-packages.txt that this machine lacks.
missing_packages() {
  local line name mark
  while read -r line; do
    name=${line%%#*}
    name=${name%% *}
    mark=${line#"$name"}
    [[ -n $name ]] || continue
    [[ $mark != *"# test"* || $1 == test ]] || continue
    command -v "$name" >/dev/null && continue
    [[ $(dpkg-query -W -f '${Status}' "$name" 2>/dev/null) == "install ok installed" ]] && continue
    printf '%s\n' "$name"
  done <"$root/apt-packages.txt"
}

# install_packages base|test: apt-get, only when something is missing.
install_packages() {
  local missing as_root=()
  mapfile -t missing < <(missing_packages "$@")
  ((${#missing[@]})) || return 0
  if ((EUID != 0)); then
    if ! command -v sudo >/dev/null; then
      echo "These packages are missing, and only root can install them: ${missing[*]}" >&2
      return 1
    fi
    as_root=(sudo -n)
    # The stage below is quiet: a password is asked for here.
    if ! sudo -n true 2>/dev/null; then
      if [[ ! -t 0 ]]; then
        echo "These packages are missing, and sudo wants a password: ${missing[*]}" >&2
        return 1
      fi
      echo "These packages are missing; sudo may ask for your password: ${missing[*]}" >&2
      sudo -v || return 1
    fi
  fi
  stage "install ${#missing[@]} packages" "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive sh -c \
    'apt-get -q update && apt-get -qy install --no-install-recommends "$@"' sh "${missing[@]}"
}

# install_npm: the packages that tests/package-lock.json pins (flasher stubs, esptool-js), once.
install_npm() {
  local lock=$root/tests/package-lock.json stamp=$root/tests/node_modules/.aiot-installed
  [[ -f $lock ]] || return 0
  cmp -s "$lock" "$stamp" && return 0
  stage "install npm packages" npm ci --prefix "$root/tests" --no-audit --no-fund || return 1
  cp "$lock" "$stamp"
}

# stub_option: the CMake option that brings the stubs along, when npm has them here.
stub_option() {
  local stubs=$root/tests/node_modules/esptool-js/lib/targets/stub_flasher
  if [[ -d $stubs ]]; then echo "-DAIOT_STUB_DIR=$stubs"; else echo "-UAIOT_STUB_DIR"; fi
}
