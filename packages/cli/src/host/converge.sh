# Makes a host be as a folder of files says, from whatever it is: files, interface, peers, routes,
# rules, forwarding, start at boot. What differs is worked out first, as steps; a second time there is
# none. The same undoes a change, with the folder of files from before, and removes all, with an empty one.
# In such a folder: wireguard/NAME for /etc/wireguard, systemd/NAME and openrc/NAME for units and scripts.

target() {
	case $1 in
	openrc/*) echo "/etc/init.d/${1#openrc/}" ;;
	systemd/*) echo "/etc/systemd/system/${1#systemd/}" ;;
	*) echo "$etc/${1#wireguard/}" ;;
	esac
}

# What may be a file of ours; `before` is what the host had before we changed it.
own_files() {
	for each in conf state nft iptables key endpoints endpoints.sh before; do
		echo "wireguard/$interface.$each"
	done
	echo "systemd/warren-endpoints@$interface.service"
	echo "systemd/warren-endpoints@$interface.timer"
	echo "openrc/warren-endpoints.$interface"
}

# FOLDER: the state it wants, without comments.
wanted_state() {
	grep -hv '^#' "$1/wireguard/$interface.state" 2>/dev/null
}

own_state() {
	grep -hv '^#' "$etc/$interface.state" 2>/dev/null
}

# The kernel's, in the words of a state file. What the kernel makes itself is left out.
live_state() {
	ip link show dev "$interface" | sed -n 's/.* \(mtu [0-9]*\).*/\1/p'
	ip -o address show dev "$interface" | awk '$3 ~ /^inet6?$/ && $4 !~ /^fe80/ { print "address " $4 }'
	# Tables may have names, for which ip takes their numbers, and which it prints.
	cat /etc/iproute2/rt_tables /etc/iproute2/rt_tables.d/*.conf \
		/usr/lib/iproute2/rt_tables /usr/share/iproute2/rt_tables 2>/dev/null >"$work/tables"
	for family in 4 6; do
		ip -$family route show table all dev "$interface" 2>/dev/null | awk -v all=$((family * family * 2)) -v tables="$work/tables" '
			BEGIN { while ((getline line <tables) > 0) { split(line, field); number[field[2]] = field[1] } }
			/^(local|broadcast|multicast|anycast|unreachable) / || / proto kernel/ { next }
			{
				prefix = $1 == "default" ? (all == 32 ? "0.0.0.0/0" : "::/0") : $1
				if (prefix !~ /\//) prefix = prefix "/" (all == 32 ? 32 : 128)
				table = ""
				for (i = 2; i < NF; i++) if ($i == "table") {
					table = " table " ($(i + 1) in number ? number[$(i + 1)] : $(i + 1))
				}
				print "route " prefix table
			}'
	done
	[ "$(cat /proc/sys/net/ipv4/ip_forward)" != 1 ] || echo "forward 4"
	[ "$(cat /proc/sys/net/ipv6/conf/all/forwarding 2>/dev/null)" != 1 ] || echo "forward 6"
}

# FILE: a line for each thing that it says of a peer, as wg prints it or as we do.
peer_lines() {
	awk '
		$1 == "PublicKey" { key = $3; print key, "peer" }
		$1 == "PresharedKey" { print key, "psk", $3 }
		$1 == "PersistentKeepalive" { print key, "keepalive", $3 }
		$1 == "Endpoint" { print key, "endpoint", $3 }
		$1 == "AllowedIPs" {
			sub(/^AllowedIPs = /, "")
			count = split($0, all, ", ")
			for (i = 1; i <= count; i++) print key, "allowed-ips", all[i]
		}' "$1" 2>/dev/null | sort
}

# What peers are told: the endpoints of the file, since those of the kernel follow who moves.
live_peers() {
	{
		wg showconf "$interface" >"$work/showconf" && peer_lines "$work/showconf" | grep -v ' endpoint '
		peer_lines "$etc/$interface.conf" | grep ' endpoint '
	} | sort
}

# ONE OTHER [1]: lines of the first that the other has not, or has. Small routers have no comm.
only_in() {
	awk -v other="$2" -v has="${3-0}" '
		BEGIN { while ((getline line <other) > 0) seen[line] = 1 }
		($0 in seen) == has' "$1"
}

peer_steps() {
	live_peers >"$work/peers"
	peer_lines "$1/wireguard/$interface.conf" >"$work/wanted-peers"
	{
		only_in "$work/wanted-peers" "$work/peers"
		only_in "$work/peers" "$work/wanted-peers" | sed 's/$/ -/'
	} | awk '
		# By name, since a file may be empty.
		FILENAME == live { if ($2 == "peer") has[$1] = 1; next }
		FILENAME == wanted { if ($2 == "peer") wants[$1] = 1; next }
		# An endpoint that the file has no more is nothing that WireGuard could be told.
		$NF == "-" && $2 == "endpoint" { next }
		!($1 in wants) { steps[$1] = "-"; next }
		!($1 in has) { steps[$1] = "+"; next }
		!($1 in steps) { steps[$1] = "~" }
		!(($1, $2) in seen) { seen[$1, $2] = 1; steps[$1] = steps[$1] " " $2 }
		END { for (key in steps) print "peer " key " " steps[key] }
	' live="$work/peers" wanted="$work/wanted-peers" "$work/peers" "$work/wanted-peers" - | sort
}

# FOLDER: the public half of the private key that it wants; nothing is printed of the private one.
public_key_of() {
	if [ -s "$1/wireguard/$interface.key" ]; then
		wg pubkey <"$1/wireguard/$interface.key"
	else
		setting_of "$1" PrivateKey | wg pubkey
	fi
}

# FOLDER NAME: the value in [Interface].
setting_of() {
	sed -n "s/^$2 = //p" "$1/wireguard/$interface.conf"
}

device_steps() {
	[ "$(wg show "$interface" public-key)" = "$(public_key_of "$1")" ] || echo "key"
	port=$(setting_of "$1" ListenPort)
	[ -z "$port" ] || [ "$port" = "$(wg show "$interface" listen-port)" ] || echo "port $port"
	mark=$(setting_of "$1" FwMark)
	[ "${mark:-off}" = "$(sed -n 's/^FwMark = //p' "$etc/$interface.conf" | grep . || echo off)" ] ||
		echo "mark ${mark:-off}"
}

# Adds come before, removals after what else there is to do, so that traffic goes on meanwhile. Only
# what our own file names is removed: what others put on the interface is theirs.
state_steps() {
	wanted_state "$1" | sort >"$work/wanted"
	own_state | sort >"$work/own"
	live_state | sort >"$work/live"
	only_in "$work/wanted" "$work/live" | awk '/^(address|mtu|route|forward) / { print $1, "+", substr($0, length($1) + 2) }'
	only_in "$work/own" "$work/wanted" >"$work/gone"
	only_in "$work/gone" "$work/live" 1 |
		awk '/^(address|route|forward) / { print $1, "-", substr($0, length($1) + 2) }'
}

# FOLDER: rules are a file, so that of both is asked: whether it is the same, and whether it is loaded.
rules_step() {
	wants=$(wanted_state "$1" | sed -n 's/^rules //p')
	has=$(own_state | sed -n 's/^rules //p')
	if [ "$wants" != "$has" ] && [ -n "$has" ]; then echo "rules - $has"; fi
	[ -n "$wants" ] || return 0
	if ! cmp -s "$1/wireguard/$interface.$wants" "$etc/$interface.$wants" || ! are_loaded "$wants"; then
		echo "rules + $wants"
	fi
}

# As nft lets a table be called.
rules_table() {
	echo "warren-$interface" | tr '=+' '__'
}

# Somebody may have flushed them, or what leads to them: nft prints a line for each line of ours.
are_loaded() {
	case $1 in
	nft)
		[ "$(nft -s list table inet "$(rules_table)" 2>/dev/null | chain_lines)" = \
			"$(chain_lines <"$etc/$interface.nft")" ]
		;;
	iptables) are_hooked iptables 4 && { [ ! -e /proc/net/if_inet6 ] || are_hooked ip6tables 6; } ;;
	esac
}

chain_lines() {
	awk '/^\tchain /, /^\t}/ { count += NF > 0 } END { print count + 0 }'
}

# TOOL FAMILY
are_hooked() {
	$1 -w -C FORWARD -j "warren-$interface-fwd" 2>/dev/null || return
	! grep -q '[^n]hook .* filter INPUT' "$etc/$interface.iptables" ||
		$1 -w -C INPUT -j "warren-$interface-input" 2>/dev/null || return
	! grep -qx "has_nat$2=yes" "$etc/$interface.iptables" ||
		$1 -w -t nat -C POSTROUTING -j "warren-$interface-nat" 2>/dev/null
}

file_steps() {
	own_files | while read -r name; do
		at=$(target "$name")
		if [ -e "$1/$name" ]; then
			cmp -s "$1/$name" "$at" || echo "file + $name"
		elif [ -e "$at" ] && is_made "$name"; then
			echo "file - $name"
		fi
	done
}

# NAME: of what may be removed. A key that was there before us is its owner's.
is_made() {
	case $1 in
	*.before) return 1 ;;
	*.key) grep -qsxF "key $(wg pubkey <"$etc/$interface.key")" "$etc/$interface.before" ;;
	esac
}

# FOLDER: whether only a new start will do.
needs_restart() {
	[ -e "$etc/$interface.state" ] || return 0
	wanted_state "$1" | grep '^restart' >"$work/wanted"
	own_state | grep '^restart' >"$work/own"
	! cmp -s "$work/wanted" "$work/own"
}

# FOLDER: everything that differs, a line each, in the order in which it is done.
steps() {
	if [ ! -e "$1/wireguard/$interface.conf" ]; then
		if is_up; then echo stop; fi
	elif ! is_up; then
		echo start
	elif needs_restart "$1"; then
		echo restart
	else
		state_steps "$1" >"$work/state"
		grep ' + ' "$work/state" | grep -v '^route'
		device_steps "$1"
		peer_steps "$1"
		grep '^route + ' "$work/state"
		rules_step "$1"
		# Before the last address of a family, with which the kernel takes away its routes.
		grep '^route - ' "$work/state"
		grep ' - ' "$work/state" | grep -v '^route'
	fi
	file_steps "$1"
	boot_steps "$1"
}

boot_steps() {
	[ "$(service_manager)" != none ] || return 0
	if [ -e "$1/wireguard/$interface.conf" ]; then
		service is-enabled || echo "boot +"
	elif service is-enabled; then
		echo "boot -"
	fi
}

# on, off: what follows peers with names for endpoints starts and stops with the tunnel from now on, or no more.
followers() {
	unit=warren-endpoints@$interface.timer
	script=warren-endpoints.$interface
	case $(service_manager):$1 in
	systemd:on) systemctl -q enable --now "$unit" 2>&1 ;;
	systemd:off)
		[ ! -e "/etc/systemd/system/$unit" ] || {
			systemctl -q disable --now "$unit" 2>&1
			# One that runs at this moment would leave its notes, and that it was ended.
			systemctl -q stop "${unit%.timer}.service" 2>&1
			systemctl -q reset-failed "${unit%.timer}.service" 2>/dev/null || :
		}
		;;
	openrc:on) rc-update -q add "$script" default 2>&1 && rc-service -q "$script" start 2>&1 ;;
	openrc:off)
		[ ! -e "/etc/init.d/$script" ] || {
			rc-service -q "$script" stop 2>&1
			rc-update -q del "$script" default 2>&1
		}
		;;
	esac
}
