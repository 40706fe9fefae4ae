# Tells what a host is and has; changes nothing.

operating_system() {
	# shellcheck source=/dev/null
	(. /etc/os-release 2>/dev/null && echo "os ${ID:-unknown} ${VERSION_ID:-}") || echo "os unknown"
	echo "service $(service_manager)"
	by=$(installer)
	[ -z "$by" ] || echo "installer $by"
	echo "time $(date +%s)"
}

tools() {
	for each in wg wg-quick ip nft iptables ping wireguard-go; do
		if has $each; then echo "tool $each"; fi
	done
	if has wg; then wg --version | sed -n 's/^wireguard-tools v\([0-9.]*\).*/version \1/p'; fi
	if [ -d /sys/module/wireguard ] || modinfo wireguard >/dev/null 2>&1 ||
		grep -qs /wireguard.ko "/lib/modules/$(uname -r)/modules.builtin"; then
		echo "module kernel"
	elif [ -c /dev/net/tun ]; then
		echo "module tun"
	fi
}

# Ports in hexadecimal, as the kernel lists them.
udp_ports() {
	cat /proc/net/udp /proc/net/udp6 2>/dev/null | awk '$2 ~ /:/ { sub(/.*:/, "", $2); print "udp " $2 }' | sort -u
}

network() {
	ip -o address 2>/dev/null | awk '$3 ~ /^inet6?$/ && $4 !~ /^(127|fe80|::1)/ { print "address " $2, $4 }'
	ip -4 route 2>/dev/null | sed -n 's/^\([0-9][^ ]*\).* dev \([^ ]*\).*/route \2 \1/p'
	ip -6 route 2>/dev/null | sed -n 's/^\([0-9a-f]*:[^ ]*\).* dev \([^ ]*\).*/route \2 \1/p'
}

# Made by somebody else, or by us: also where our state is left of it, and the file itself is lost.
own_interface() {
	if is_up; then
		if is_wireguard; then echo "interface wireguard"; else echo "interface other"; fi
	fi
	# What was started by a file that is gone is ours by what else lies there.
	for each in "$etc/$interface.conf" "$etc/$interface.state"; do
		if [ -e "$each" ]; then
			if is_ours "$each"; then echo "file ours"; else echo "file other"; fi
			break
		fi
	done
	own_files | while read -r name; do
		case $name in *.key | *.before | *.sh) continue ;; esac
		at=$(target "$name")
		[ ! -e "$at" ] || is_ours "$at" || echo "foreign $at"
	done
	if is_wireguard; then echo "port $(wg show "$interface" listen-port)"; fi
}

# NAME: other tunnels than that, each with its public key, its port and whose it is; also ours that are down.
other_tunnels() {
	for interface in $(wg show interfaces 2>/dev/null); do
		[ "$interface" != "$1" ] || continue
		if [ -e "$etc/$interface.state" ]; then whose=ours; else whose=other; fi
		echo "tunnel $interface $(wg show "$interface" public-key) $(wg show "$interface" listen-port) $whose"
	done
	for each in "$etc"/*.state; do
		interface=${each##*/}
		interface=${interface%.state}
		if [ "$interface" = "$1" ] || ! is_ours "$each" || is_wireguard; then continue; fi
		echo "tunnel $interface $(public_key_of "${etc%/wireguard}") 0 ours"
	done
}

place() {
	where=$etc
	[ -d "$where" ] || where=/etc
	# Root may write where no mode allows it, so the mount is what counts.
	awk -v place="$where" '
		index(place "/", $2 == "/" ? "/" : $2 "/") == 1 && length($2) >= length(best) { best = $2; options = $4 }
		END { if (options ~ /(^|,)ro(,|$)/) print "readonly " best }' /proc/mounts
	df -Pk "$where" 2>/dev/null | awk 'NR == 2 { print "space " $4 }'
}

firewalls() {
	if has nft; then nft -j list ruleset 2>/dev/null | sed 's/^/nft /'; fi
	for each in iptables ip6tables; do
		if has $each-save; then $each-save 2>/dev/null | grep '^[*:-]' | sed "s/^/$each /"; fi
	done
}

facts() {
	operating_system
	tools
	udp_ports
	network
	own_interface
	place
	(other_tunnels "$interface")
	firewalls
}
