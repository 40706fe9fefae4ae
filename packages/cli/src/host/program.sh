# What every program that Warren sends to a host begins with. It runs as root, by whatever POSIX shell
# and tools the host has, and answers in lines: a word that says what follows, then values.
# $1 is the interface, $in a folder for root alone with the files that came along.
# shellcheck disable=SC2154 # $in comes from outside.
set -u
umask 077
export LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

interface=$1
shift
etc=/etc/wireguard
# Gone with a boot, and in memory on nearly every host: keys lie here while they are brought.
run=/run/warren/$interface

# CODE TEXT: why this ends here. The sentence is made by who reads it.
fail() {
	echo "fail $*"
	exit 1
}

has() {
	command -v "$1" >/dev/null 2>&1
}

is_up() {
	ip link show dev "$interface" >/dev/null 2>&1
}

# Of the kernel, or of a program in its place.
is_wireguard() {
	wg show "$interface" public-key >/dev/null 2>&1
}

# FILE: by its first line, or the second of a script.
is_ours() {
	head -n 2 "$1" 2>/dev/null | grep -q '^# Made by Warren'
}

# FILE: whose keys its peers have; each one's name stands before it.
known_names() {
	[ ! -e "$1" ] || awk '/^# / { name = substr($0, 3) } /^PublicKey = / { print "known", $3, name }' "$1"
}

service_manager() {
	if [ -d /run/systemd/system ]; then echo systemd; elif has rc-update; then echo openrc; else echo none; fi
}

# ACTION: what a service manager does with the tunnel. The last lines that it says tell why it failed.
service() {
	unit=wg-quick@$interface.service
	case $(service_manager):$1 in
	systemd:start) systemctl reset-failed "$unit" 2>/dev/null || : ;;
	openrc:enable | openrc:start)
		[ -e "/etc/init.d/wg-quick.$interface" ] || ln -s wg-quick "/etc/init.d/wg-quick.$interface"
		;;
	esac
	case $(service_manager):$1 in
	systemd:is-enabled | systemd:is-active) systemctl -q "$1" "$unit" 2>/dev/null ;;
	systemd:start)
		systemctl start "$unit" 2>&1 || {
			journalctl -q -o cat -n 20 -u "$unit" -t wg-quick 2>/dev/null | grep -v '^\[#\]' | tail -n 4
			return 1
		}
		;;
	systemd:*) systemctl -q "$1" "$unit" 2>&1 ;;
	openrc:is-enabled) rc-update show default 2>/dev/null | grep -q "wg-quick.$interface " ;;
	openrc:is-active) rc-service -q "wg-quick.$interface" status >/dev/null 2>&1 ;;
	openrc:enable) rc-update -q add "wg-quick.$interface" default 2>&1 ;;
	openrc:disable)
		rc-update -q del "wg-quick.$interface" default 2>&1
		rm -f "/etc/init.d/wg-quick.$interface"
		;;
	openrc:stop) rc-service -q "wg-quick.$interface" stop 2>&1 || rc-service -q "wg-quick.$interface" zap 2>&1 ;;
	openrc:*) rc-service -q "wg-quick.$interface" "$1" 2>&1 ;;
	none:start) wg-quick up "$interface" 2>&1 ;;
	none:stop) wg-quick down "$interface" 2>&1 ;;
	none:*) return 1 ;;
	esac
}
