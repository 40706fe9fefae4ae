#!/bin/sh
# Sets up what is missing, then becomes the command: sh tools/bootstrap.sh [--lab | --test] COMMAND ARG…
# Speaks on standard error only. Changes nothing, and takes no time, when all is there.
set -u

root=$(CDPATH='' cd -P -- "$(dirname -- "$0")/.." && pwd) || exit 69
lock=$root/package-lock.json
installed=$root/node_modules/.warren-lock.json
# The commands of the laboratory lie in sbin, which a user's PATH may lack.
PATH=$root/node_modules/.bin:$PATH:/usr/sbin:/sbin
export PATH

say() { echo "warren: $*" >&2; }

fail() {
  say "$@"
  exit 69
}

# One set-up at a time. The kernel lets go of a flock, whatever becomes of this process.
take_turn() {
  if command -v flock >/dev/null; then
    exec 9<"$lock"
    flock 9
    return
  fi
  turn=$root/node_modules.lock
  until mkdir "$turn" 2>/dev/null; do
    owner=$(cat "$turn/owner" 2>/dev/null) || owner=
    if [ -n "$owner" ] && ! kill -0 "$owner" 2>/dev/null; then rm -rf "$turn"; fi
    sleep 1
  done
  echo $$ >"$turn/owner"
  trap 'rm -rf "$turn"' EXIT
  trap 'exit 130' INT TERM HUP
}

leave_turn() {
  exec 9<&-
  if [ -n "${turn:-}" ]; then rm -rf "$turn"; fi
  trap - EXIT INT TERM HUP
}

install_modules() {
  cmp -s "$lock" "$installed" && return
  command -v npm >/dev/null || fail "npm is missing: install Node.js 24 or newer, from https://nodejs.org"
  say "installing the dependencies (some 15 s)"
  rm -f "$installed"
  output=$(cd "$root" && npm ci --ignore-scripts --no-audit --no-fund </dev/null 2>&1) || {
    echo "$output" >&2
    fail "npm ci failed, see above; run it again when the cause is gone"
  }
  cp "$lock" "$installed"
}

# The Debian packages of which a command, or another file, is missing.
missing_packages() {
  for pair in $needed; do
    command -v "${pair%%:*}" >/dev/null || [ -e "${pair%%:*}" ] || echo "${pair#*:}"
  done | tr '\n' ' '
}

apt() {
  DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=120 "$@" </dev/null 2>&1
}

# Of sshd the tests want the program alone: on this machine it is to listen no more than before.
install() {
  refusal=/usr/sbin/policy-rc.d
  case " $* " in *" openssh-server "*) isRefused=$([ -e $refusal ] || echo yes) ;; *) isRefused= ;; esac
  [ -z "$isRefused" ] || { printf '#!/bin/sh\nexit 101\n' >$refusal && chmod 755 $refusal; }
  apt install --no-install-recommends "$@"
  [ -n "$isRefused" ] || return
  rm -f $refusal
  ! command -v systemctl >/dev/null || systemctl disable ssh.service ssh.socket 2>&1
}

install_packages() {
  missing=$(missing_packages)
  [ -z "$missing" ] && return
  if ! command -v apt-get >/dev/null; then
    say "going on without ${missing% }: they come from Debian or Ubuntu, and there is no apt-get here"
    return
  fi
  if [ "$(id -u)" != 0 ]; then
    say "going on without ${missing% }: sudo apt-get install --no-install-recommends ${missing% }"
    return
  fi
  say "installing ${missing% }"
  output=$(
    apt update
    # shellcheck disable=SC2086 # names of packages
    install $missing
    # What is left, one by one: a package that this release lacks takes no other with it.
    for package in $(missing_packages); do install "$package"; done
  )
  missing=$(missing_packages)
  [ -z "$missing" ] && return
  echo "$output" >&2
  say "going on without ${missing% }: apt-get failed, see above"
}

needed=
case ${1:-} in --lab | --test)
  needed="wg:wireguard-tools wireguard-go:wireguard-go nft:nftables ip:iproute2 ping:iputils-ping"
  ;;
esac
# Tests look at pictures, with letters of all languages in them, press Tab in shells, read the manual,
# and boot machines that are reached by ssh, with shells of several kinds.
[ "${1:-}" = --test ] && needed="$needed iptables:iptables chromium:chromium zsh:zsh fish:fish mandoc:mandoc
  ssh:openssh-client sshd:openssh-server sudo:sudo /lib/systemd/systemd:systemd ps:procps
  busybox:busybox-static shellcheck:shellcheck curl:curl wget:wget openssl:openssl
  /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf:fonts-dejavu-core
  /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc:fonts-noto-cjk"
[ -n "$needed" ] && shift
[ $# -gt 0 ] || fail "no command: sh tools/bootstrap.sh [--lab | --test] COMMAND ARG…"
[ -f "$lock" ] || fail "$lock is missing: this is no checkout of Warren"

if ! cmp -s "$lock" "$installed" || [ -n "$(missing_packages)" ]; then
  take_turn
  # Side by side: both wait for the network more than they work.
  install_modules &
  install_packages
  wait $! || exit
  leave_turn
fi

version=$(node --version 2>/dev/null) || version=none
major=${version#v}
case ${major%%.*} in
  none | *[!0-9]* | [0-9] | 1[0-9] | 2[0-3])
    fail "Node.js 24 or newer is needed, found ${version#v}: install it from https://nodejs.org"
    ;;
esac

exec "$@"
