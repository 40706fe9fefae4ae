# Measures the ways to other hosts, and tells how the tunnels stand; changes nothing.

# [mtu]: pings each line of $in/targets, NAME ADDRESS SOURCE [later]; SOURCE is the host's own address.
# Without mtu it is asked only who answers, and the time is that of the first answer.
probe() {
	has ping || fail no-ping
	is_wireguard || fail no-tunnel "$interface"
	# A small router has to bear them all at the same time.
	awk -v most=32 -v part="$in/targets." '{ print >(part NR % most) }' "$in/targets"
	for each in "$in"/targets.*; do
		[ ! -e "$each" ] || probe_each "${1-}" <"$each" &
	done
	wait
	now=$(date +%s)
	wg show "$interface" latest-handshakes |
		awk -v now="$now" '$2 > 0 { print "handshake", $1, (now > $2 ? now - $2 : 0) }'
	wg show "$interface" endpoints | awk '$2 == "(none)" { print "nowhere", $1 }'
}

# Two that begin a handshake at the same moment throw away each other's answer: one of them comes later.
probe_each() {
	has_waited=
	while read -r name address source turn; do
		if [ "$turn" = later ] && [ -z "$has_waited" ]; then
			sleep 1
			has_waited=1
		fi
		if ! patient_ping "$address" "$source"; then
			printf 'ping %s -\n' "$name"
			continue
		fi
		# How long the first waited for a handshake is nothing that a round trip takes.
		[ "$1" != mtu ] || round_trip "$address" "$source" -W 1
		printf 'ping %s %s\n' "$name" "$time"
		if [ "$1" = mtu ] && can_forbid_fragments; then
			printf 'mtu %s %s\n' "$name" "$(path_mtu "$address" "$source")"
		fi
	done
}

# WireGuard repeats a lost handshake after 5.3 s at the latest, and sends then what waited for it.
patient_ping() {
	for patience in 1 1 4; do
		if round_trip "$1" "$2" -W "$patience"; then return; fi
	done
	return 1
}

# ADDRESS SOURCE OPTION…: leaves the milliseconds in $time; nobody else shall answer for the source. One
# process each and no more: in a mesh of a hundred nodes a push begins ten thousand of them.
round_trip() {
	to=$1
	from=$2
	shift 2
	said=$(ping -n -c 1 -I "$from" "$@" "$to" </dev/null 2>/dev/null)
	case $said in
	*' time='* | *' time<'*)
		said=${said#*' time'[=<]}
		time=${said%%' ms'*}
		;;
	*) return 1 ;;
	esac
}

# Those of busybox and of inetutils cannot.
can_forbid_fragments() {
	ping -V 2>/dev/null | grep -q iputils
}

# ADDRESS SOURCE: the largest packet that comes through whole. The tunnel's MTU mostly does.
path_mtu() {
	case $1 in *:*) heads=48 ;; *) heads=28 ;; esac
	# As much as the ping had that was answered.
	passes=$((heads + 56))
	size=$(ip -o link show dev "$interface" | sed -n 's/.* mtu \([0-9]*\) .*/\1/p')
	fails=$((size + 1))
	while [ $((fails - passes)) -gt 1 ]; do
		# Twice, because a packet may be lost for other reasons.
		if fits "$1" "$2" || fits "$1" "$2"; then
			passes=$size
		else
			fails=$size
		fi
		size=$(((passes + fails) / 2))
	done
	echo "$passes"
}

fits() {
	round_trip "$1" "$2" -W 1 -M "do" -s $((size - heads))
}

# What `wg show` says of the interfaces that Warren made, with the names in their files, and no secret.
status() {
	[ "$(id -u)" = 0 ] || fail not-root
	has wg || fail no-wg
	echo "time $(date +%s)"
	for file in "$etc"/*.conf; do
		interface=${file##*/}
		interface=${interface%.conf}
		is_ours "$etc/$interface.conf" || continue
		echo "interface $interface"
		# The node's name is the first line after the header, a peer's the last before its key.
		sed -n '2s/^# /name /p' "$file"
		known_names "$file"
		awk 'NF == 3 && $1 != "#" { print "dialled", $1, $2 }' "$etc/$interface.endpoints" 2>/dev/null
		is_wireguard || continue
		ip -o address show dev "$interface" | awk '$3 ~ /^inet/ && $4 !~ /^fe80/ { print "address", $4 }'
		# Fields: of the interface private, public, port, mark; of a peer public, preshared, and so on.
		wg show "$interface" dump | awk -F '\t' '
			NR == 1 { print "device", $2, $3; next }
			{ print "peer", $1, $3, $5, $6, $7, $8, $4 }'
	done
}
