#!/bin/sh
# Keeps a small router in a network of Warren's: with a POSIX shell, awk, wg, ip, and a downloader that can
# tell the right server from another. What differs here is worked out here; what is to be is the server's.
#   sh warren-thin join TOKEN [--name NAME] [--interface NAME] [--ca FILE] [--no-service]
#   sh warren-thin checkin | run | status | leave
# TOKEN is best - (read from standard input) or a file: an argument can be read by whoever lists processes.
# Made by Warren, form 1.
set -u
umask 077
export LC_ALL=C

# What lasts: key, credential, node, server, pin, ca.pem, device; and what a boot takes away.
base=/etc/warren
run=/var/run/warren-thin
device=$base/device
# Of the full agent, too: this host is in no network, or not any more.
out=78

say() {
	echo "warren: $*"
}

fail() {
	say "$*" >&2
	exit 1
}

has() {
	command -v "$1" >/dev/null 2>&1
}

# FILE, TEXT on standard input: never half, and for root alone; flash may lose power at any moment.
keep() {
	{ cat >"$1.new" && sync && mv -f "$1.new" "$1"; } || fail "cannot write $1"
}

# ---- the server

# What can tell the right server: by its key, or by a certificate of it. BusyBox's wget looks at neither.
downloader() {
	if has curl; then
		echo curl
	elif [ -s "$base/pin" ] && [ ! -s "$base/ca.pem" ]; then
		return 1
	elif has uclient-fetch; then
		echo uclient-fetch
	elif wget --version 2>/dev/null | grep -q 'GNU Wget'; then
		echo wget
	else
		return 1
	fi
}

demand_downloader() {
	downloader >/dev/null || fail "nothing here can tell the right server from another: install curl," \
		"or have uclient-fetch or GNU wget, and give the server's certificate: --ca FILE"
}

# URL FILE: posts $work/body, writes what is answered. Nothing secret is among the words of a command.
post() {
	post_url=$1 post_file=$2
	tool=$(downloader)
	set --
	case $tool in
	curl)
		if [ -s "$base/ca.pem" ]; then
			set -- --cacert "$base/ca.pem"
		elif [ -s "$base/pin" ]; then
			set -- -k --pinnedpubkey "sha256//$(cat "$base/pin")"
		fi
		curl -q -sS -m 30 --connect-timeout 5 "$@" --data-binary "@$work/body" -o "$post_file" "$post_url"
		;;
	*)
		[ ! -s "$base/ca.pem" ] || set -- "--ca-certificate=$base/ca.pem"
		[ "$tool" != wget ] || set -- "$@" -t 1
		"$tool" -q -T 10 "$@" "--post-file=$work/body" -O "$post_file" "$post_url"
		;;
	esac 2>"$work/said"
	code=$?
	case $tool:$code in
	*:0) return 0 ;;
	curl:60 | curl:90 | wget:5 | uclient-fetch:5) echo "another server answers there, as its key or certificate tells" ;;
	*) tail -n 1 "$work/said" | sed 's/ after [0-9]* ms//' | grep . || echo "$tool ends with $code" ;;
	esac >"$work/why"
	return 1
}

# PATH FILE: by whichever of the server's addresses answers.
ask() {
	: >"$work/why"
	while read -r url; do
		: >"$2"
		if post "$url/api/v1/$1" "$2" && [ -s "$2" ]; then return 0; fi
	done <"$base/server"
	return 1
}

# A curl that does not know the option would take anybody for the server: a wrong key has to be refused.
demand_pinning() {
	[ -s "$base/pin" ] && [ ! -s "$base/ca.pem" ] || return 0
	while read -r url; do
		curl -q -sk -m 30 -o /dev/null --pinnedpubkey \
			sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= "$url/healthz"
		case $? in
		90) return 0 ;;
		0 | 2 | 4) fail "this curl cannot tell a server by its key: install another, or give --ca FILE" ;;
		esac
	done <"$base/server"
	fail "no address of the server answers: $(tr '\n' ' ' <"$base/server")"
}

# FIELDS FILE: tells the server that this router has that device, or what it keeps, and how its tunnels stand.
tell() {
	read -r network node interface <"$base/node"
	epoch='' rev='' hash=''
	had=${2-$device}
	[ ! -s "$had" ] || read -r _ epoch rev hash _ <"$had"
	port=$(wg show "$interface" listen-port 2>/dev/null)
	{
		printf '{"credential":"%s","interface":"%s","now":%s000' "$(cat "$base/credential")" "$interface" "$(date +%s)"
		[ -z "$hash" ] || printf ',"epoch":"%s","rev":%s,"hash":"%s"' "$epoch" "$rev" "$hash"
		[ "${port:-0}" = 0 ] || printf ',"listenPort":%s' "$port"
		printf ',"addresses":[%s]' "$(ip -o address show 2>/dev/null |
			awk -v own="$interface" '$2 != own && $3 ~ /^inet6?$/ && $4 !~ /^(127\.|::1\/|fe80)/ {
				sub(/\/.*/, "", $4)
				list = list (list == "" ? "" : ",") "\"" $4 "\""
			} END { print list }')"
		printf ',"peers":[%s]%s}' "$(reports)" "${1-}"
	} >"$work/body"
	: >"$work/answer"
	ask checkin "$work/answer"
}

# Of those that were heard last, as many as the server takes in. A dump has secrets: none is sent.
reports() {
	wg show "$interface" dump 2>/dev/null | sort -r -n -k 5,5 | awk -v now="$(date +%s)" '
		NF == 8 && count < 60 {
			line = "{\"publicKey\":\"" $1 "\",\"received\":" $6 ",\"sent\":" $7
			if ($3 != "(none)") line = line ",\"endpoint\":\"" $3 "\""
			if ($5 > 0) line = line ",\"handshakeSeconds\":" (now > $5 ? now - $5 : 0)
			printf "%s%s}", (count++ ? "," : ""), line
		}'
}

# ---- the kernel

# Words: done, or this is why not.
must() {
	"$@" 2>&1 || {
		echo "$1 failed"
		exit 1
	}
}

# FILE: makes the kernel be as it says; in a shell of its own, which ends where something refuses. What was
# put right is printed, or why it could not be. $run has what was wanted last time, and what the kernel
# printed then: where neither is another there is nothing to do.
apply() {
	for kind in wg ip nft name; do
		sed -n "s/^$kind //p" "$1" >"$work/$kind"
		touch "$run/$kind"
	done
	if grep -q '^restart default' "$work/ip"; then
		echo "all of its traffic is to go through an exit: that takes the full agent"
		exit 1
	fi
	# Before the tunnel: what it is to keep out must find no open door.
	load_rules
	make_link
	set_peers
	set_routes
	forward
	follow_names
	return 0
}

# KIND: of what differs.
is_due() {
	"shown_$1" >"$work/shown" 2>/dev/null
	! cmp -s "$work/shown" "$run/shown_$1" || ! cmp -s "$work/$1" "$run/$1"
}

# KIND: that it is done.
note() {
	"shown_$1" >"$run/shown_$1"
	cp "$work/$1" "$run/$1"
}

shown_nft() {
	nft -s list table inet "$(table)"
}

# What is shown is without what changes by itself, in an order that does not.
shown_wg() {
	wg showconf "$interface" |
		awk '/^PublicKey/ { key = $3 } / = / && !/^(PrivateKey|Endpoint)/ { print key, $0 }' | sort
}

shown_ip() {
	{
		ip link show dev "$interface" | sed -n 's/.*[<,]UP[,>].*\(mtu [0-9]*\).*/up \1/p'
		ip -o address show dev "$interface" | awk '{ print $3, $4 }'
		ip -4 route show table all dev "$interface"
		ip -6 route show table all dev "$interface"
	} | grep -v '^local\|^broadcast\|^anycast\|^multicast\|fe80\|^ff00'
}

table() {
	echo "warren-$interface" | tr '=+' '__'
}

load_rules() {
	if ! has nft; then
		[ -s "$work/nft" ] || return 0
		echo "the policy needs a filter here, and there is no nft: install nftables"
		exit 1
	fi
	[ -s "$work/nft" ] || [ -s "$run/nft" ] || return 0
	is_due nft || return 0
	[ -s "$work/nft" ] || nft delete table inet "$(table)" 2>/dev/null
	[ ! -s "$work/nft" ] || must nft -f "$work/nft"
	note nft 2>/dev/null
	echo "filter set"
}

make_link() {
	if ! ip link show dev "$interface" >/dev/null 2>&1; then
		ip link add dev "$interface" type wireguard 2>/dev/null ||
			wireguard-go "$interface" </dev/null >/dev/null 2>&1 || {
			echo "this system makes no WireGuard interface: install WireGuard's kernel module"
			exit 1
		}
		echo "$interface made"
	fi
	case $(wg show "$interface" public-key 2>&1) in
	"$(wg pubkey <"$base/key")") ;;
	'(none)') must wg set "$interface" private-key "$base/key" ;;
	*)
		echo "interface $interface is somebody else's: join with --interface NAME"
		exit 1
		;;
	esac
}

# An endpoint is told when it is another than last time: where a peer was heard is better known than where
# it should be. But when somebody has changed peers by hand, all of it is told.
set_peers() {
	is_due wg || return 0
	last=$run/wg
	cmp -s "$work/shown" "$run/shown_wg" || last=/dev/null
	# Of whom WireGuard has to forget what it has seen: their clocks went back.
	sed -n 's/^# again //p' "$work/wg" >"$work/again"
	while read -r key times; do
		grep -qxF "# again $key $times" "$run/wg" && continue
		must wg set "$interface" peer "$key" remove
		last=/dev/null
	done <"$work/again"
	{
		printf '[Interface]\nPrivateKey = %s\n' "$(cat "$base/key")"
		awk -v last="$last" '
			function read(line) {
				if (line ~ /^PublicKey/) key = line
				return key line
			}
			BEGIN { while ((getline line <last) > 0) told[read(line)] = 1 }
			!(read($0) in told) || !/^Endpoint/' "$work/wg"
	} >"$work/conf"
	must wg syncconf "$interface" "$work/conf"
	note wg
	echo "peers set"
}

# What is added comes before what is removed. Only what was ours is removed.
set_routes() {
	is_due ip || return 0
	change add "$work/ip" '^[ma]'
	must ip link set dev "$interface" up
	change add "$work/ip" '^route'
	awk -v wanted="$work/ip" 'BEGIN { while ((getline line <wanted) > 0) wants[line] = 1 } !($0 in wants)' "$run/ip" >"$work/gone"
	# Before the last address of a family, with which the kernel takes away its routes.
	change del "$work/gone" '^route'
	change del "$work/gone" '^address'
	note ip
	echo "addresses and routes set"
}

# WHAT FILE FORM: with each of its lines. What is there already is refused, and so is a range that is on
# another interface: its routes stay as they are.
change() {
	grep "$3" "$2" >"$work/lines"
	while read -r kind value rest; do
		case $value in *:*) family=-6 ;; *) family=-4 ;; esac
		case $kind in
		mtu) [ "$1" = del ] || must ip link set dev "$interface" mtu "$value" ;;
		route) ip $family route "$1" "$value" dev "$interface" ${rest:+table "${rest#table }"} 2>/dev/null ;;
		address)
			why=$(ip $family address "$1" "$value" dev "$interface" 2>&1)
			if [ "$1" = add ] && ! ip -o address show dev "$interface" | grep -qF " $value "; then
				echo "$why"
				exit 1
			fi
			;;
		esac
	done <"$work/lines"
}

forward() {
	for family in 4 6; do
		grep -qx "forward $family" "$work/ip" || continue
		setting=/proc/sys/net/ipv4/ip_forward
		[ "$family" = 4 ] || setting=/proc/sys/net/ipv6/conf/all/forwarding
		[ "$(cat $setting)" = 0 ] || continue
		# A host that forwards takes no route from router advertisements, unless accept_ra is 2.
		[ "$family" = 4 ] || for ra in /proc/sys/net/ipv6/conf/*/accept_ra; do
			[ "$(cat "$ra")" != 1 ] || echo 2 >"$ra"
		done
		echo 1 >$setting || exit 1
		echo "$setting" >>"$run/forward"
		echo "forwarding set"
	done
}

# In the background: a name that is not answered holds up nobody. Not of those that were heard lately.
follow_names() {
	now=$(date +%s)
	while read -r key host port; do
		last=$(wg show "$interface" latest-handshakes | awk -v key="$key" '$1 == key { print $2 }')
		[ $((now - ${last:-0})) -gt 135 ] || continue
		WG_ENDPOINT_RESOLUTION_RETRIES=1 wg set "$interface" peer "$key" endpoint "$host:$port" >/dev/null 2>&1 &
	done <"$work/name"
}

# Everything of ours in the kernel, the tunnel first.
take_down() {
	if [ "$(wg show "$interface" public-key 2>/dev/null)" = "$(wg pubkey <"$base/key")" ]; then
		ip link del dev "$interface"
	fi
	! has nft || nft delete table inet "$(table)" 2>/dev/null
	[ ! -e "$run/forward" ] || while read -r setting; do echo 0 >"$setting"; done <"$run/forward"
	find "$run" -maxdepth 1 -type f -exec rm -f {} +
}

# ---- the commands

# One at a time, whoever starts it.
take_turn() {
	mkdir -p "$run" || exit 1
	if ! mkdir "$run/turn" 2>/dev/null; then
		other=$(cat "$run/turn/pid" 2>/dev/null)
		[ -n "$other" ] && grep -qs "${0##*/}" "/proc/$other/cmdline" && return 1
		rm -rf "$run/turn"
		mkdir "$run/turn" 2>/dev/null || return 1
	fi
	echo $$ >"$run/turn/pid"
	work=$run/turn
	[ ! -s "$run/device" ] || device=$run/device
	trap 'rm -rf "$run/turn"' EXIT
	trap 'exit 1' INT TERM HUP
}

# A trouble that lasts is told once.
trouble() {
	[ "$*" = "$(cat "$run/trouble" 2>/dev/null)" ] || say "$*" >&2
	echo "$*" >"$run/trouble"
	return 1
}

TAKEN_BACK="taken back: with what the server wants it is not reached any more"

# FILE: whether it may take the place of the device that there is.
judge() {
	[ "$(tail -n 1 "$1")" = end ] || { echo "the answer was cut short"; return 1; }
	read -r _ epoch rev hash intent <"$1"
	cut='' at=0
	[ ! -s "$run/cut" ] || read -r cut at <"$run/cut"
	if [ "$cut" = "$hash" ] && [ $(($(date +%s) - at)) -lt 600 ]; then
		echo "$TAKEN_BACK"
		return 1
	fi
	[ -s "$device" ] || return 0
	read -r _ old_epoch old_rev _ <"$device"
	if [ "$epoch" = "$old_epoch" ] && [ "$rev" -lt "$old_rev" ]; then
		echo "refused: the server is at revision $rev, and has been at $old_rev"
		return 1
	fi
	[ "$intent" != intended ] || return 0
	awk '
		!/^wg PublicKey/ { next }
		FNR == NR { now[$4] = 1; next }
		{ count++; lost += !($4 in now) }
		END {
			if (lost <= 5 || lost <= count * 0.3) exit 0
			print "refused: it would take away " lost " of " count " peers, and nobody says that this is meant"
			exit 1
		}' "$1" "$device"
}

# What is on disk first, so that a boot needs no server; then what the server says.
checkin() {
	[ -s "$base/node" ] || { say "this router has joined no network"; exit $out; }
	demand_downloader
	take_turn || { say "another one is at it"; return 0; }
	read -r network node interface <"$base/node"
	failed=''
	if [ -s "$device" ] && ! try "$device" "put right"; then failed=$(failure "$device"); fi
	tell "$failed" || {
		trouble "no address of the server answers as it should: $(cat "$work/why")"
		return 1
	}
	read -r kind epoch rev _ <"$work/answer"
	case $kind in
	same)
		sed "1s/ [^ ]* [^ ]*/ $epoch $rev/" "$device" >"$work/device"
		cmp -s "$work/device" "$base/device" || hold "$work/device"
		;;
	device) take "$work/answer" || return ;;
	waiting) trouble "waiting for approval: on the server, warren node approve $network $node publicKey=$(wg pubkey <"$base/key" | cut -c 1-8)" || return 0 ;;
	later) ;;
	revoked)
		say "taken out of network $network: the tunnel is down"
		take_down
		forget
		exit $out
		;;
	unknown) trouble "the server does not know this router any more: join again with a new token"; return ;;
	*) trouble "$(refusal)"; return ;;
	esac
	[ -z "$failed" ] || return 1
	rm -f "$run/trouble"
}

# Why the server refuses, in its own words.
refusal() {
	message=$(sed -n 's/.*"message":"\([^"]*\)".*/\1/p' "$work/answer")
	echo "refused: ${message:-no server of Warren answers there}"
}

# FILE: what is told of a device that could not be applied.
failure() {
	read -r _ _ rev hash _ <"$1"
	# shellcheck disable=SC1003 # a backslash
	printf ',"failed":{"rev":%s,"hash":"%s","error":"%s"}' "$rev" "$hash" "$(tr -d '\000-\037"\\' <"$run/trouble")"
}

# FILE WHAT
try() {
	said=$(apply "$1") || {
		trouble "$(echo "$said" | tail -n 3)"
		return
	}
	[ -z "$said" ] || say "$2: $(echo "$said" | awk '{ printf "%s%s", separator, $0; separator = ", " }')"
}

# FILE: a newer device, which is told of when it is applied, or why it is not.
take() {
	cp "$1" "$work/device"
	read -r _ _ rev hash _ <"$work/device"
	: >"$work/before"
	cut=''
	[ ! -s "$device" ] || cp "$device" "$work/before"
	if ! why=$(judge "$work/device"); then
		trouble "$why"
	elif try "$work/device" "revision $rev"; then
		rm -f "$run/trouble"
		# It has just answered. Until it does so again a boot is to bring what worked.
		if tell '' "$work/device" || { sleep 2 && tell '' "$work/device"; }; then
			hold "$work/device"
			return 0
		fi
		cut="$hash $(date +%s)"
		trouble "$TAKEN_BACK"
	fi
	go_back
	[ -z "$cut" ] || echo "$cut" >"$run/cut"
	tell "$(failure "$work/device")"
	return 1
}

# FILE: what works, until the next boot at least: the flash may be full.
hold() {
	if (keep "$base/device" <"$1"); then rm -f "$run/device"; else cp "$1" "$run/device"; fi
}

# As it was, as far as anything was begun.
go_back() {
	if [ -s "$work/before" ]; then
		try "$work/before" "taken back" || :
	elif ip link show dev "$interface" >/dev/null 2>&1; then
		reason=$(cat "$run/trouble")
		take_down
		echo "$reason" >"$run/trouble"
	fi
}

leave() {
	[ -s "$base/node" ] || fail "this router has joined no network"
	take_turn || fail "another one is at it: try again in a moment"
	tell ',"isLeaving":true'
	grep -qx revoked "$work/answer" ||
		say "the server could not be told: take the node out there: warren node remove $network $node"
	take_down
	say "$network: left"
	forget
}

# Nothing of us is left but this script, if it lies elsewhere.
forget() {
	rm -rf "$base"
	if [ -e /etc/init.d/warren-thin ]; then
		/etc/init.d/warren-thin disable
		rm -f /etc/init.d/warren-thin /lib/upgrade/keep.d/warren-thin
		ubus call service delete '{"name":"warren-thin"}' 2>/dev/null
	elif crontab -l 2>/dev/null | grep -q "$base/warren-thin"; then
		crontab -l | grep -v "$base/warren-thin" | crontab -
	fi
}

# What starts it at boot, and again and again.
install() {
	if [ -x /sbin/procd ] && [ -e /etc/rc.common ]; then
		cat >/etc/init.d/warren-thin <<-END
			#!/bin/sh /etc/rc.common
			# Made by Warren, form 1.
			USE_PROCD=1
			START=95
			start_service() {
				procd_open_instance
				procd_set_param command /bin/sh $base/warren-thin run
				procd_set_param respawn 3600 5 0
				procd_set_param stdout 1
				procd_set_param stderr 1
				procd_close_instance
			}
		END
		chmod 755 /etc/init.d/warren-thin
		[ ! -d /lib/upgrade/keep.d ] || printf '%s\n' "$base" /etc/init.d/warren-thin >/lib/upgrade/keep.d/warren-thin
		/etc/init.d/warren-thin enable
		/etc/init.d/warren-thin restart
	elif has crontab && {
		crontab -l 2>/dev/null | grep -v "$base/warren-thin"
		echo "* * * * * PATH=$PATH sh $base/warren-thin checkin"
	} | crontab - 2>/dev/null; then
		say "cron runs it each minute"
	else
		say "nothing starts programs here, and nothing keeps the tunnel yet: type this now, and have it run at boot:" \
			"sh $base/warren-thin run >/dev/null 2>&1 &"
	fi
}

# Lines pin, secret, network, server of a token on standard input, in base64url, which not every router has
# a program for: the number of its form, pin and secret behind their lengths, text, a checksum of 4 bytes.
parse_token() {
	awk '
		# Not every awk of BusyBox has powers.
		function two(count,   power) {
			for (power = 1; count > 0; count--) power *= 2
			return power
		}
		function letters(last,   bits, count, text, end) {
			for (end = at + byte[at] + 1; ++at < end;) {
				bits = bits * 256 + byte[at]
				for (count += 8; count >= 6; bits %= two(count)) {
					count -= 6
					text = text substr(all last, int(bits / two(count)) + 1, 1)
				}
			}
			if (count > 0) text = text substr(all last, bits * two(6 - count) + 1, 1)
			return text
		}
		!/^wrn_[A-Za-z0-9_-]+[ \r]*$/ { next }
		{
			all = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
			sub(/[ \r]*$/, "")
			for (i = 5; i <= length($0); i++) {
				bits = bits * 64 + index(all "-_", substr($0, i, 1)) - 1
				count += 6
				if (count < 8) continue
				count -= 8
				byte[++bytes] = int(bits / two(count))
				bits %= two(count)
			}
			if (byte[1] != 1) exit
			at = 2
			pin = letters("+/")
			if (pin != "") print "pin " pin "="
			print "secret " letters("-_")
			while (at <= bytes - 4) rest = rest sprintf("%c", byte[at++])
			count = split(rest, word, " ")
			if (rest !~ /^ /) print "network " word[1]
			for (i = rest ~ /^ / ? 1 : 2; i <= count; i++) {
				if (word[i] !~ /^[A-Za-z0-9.:-]+$|^\[[0-9a-f:]+\](:[0-9]+)?$/) continue
				if (word[i] ~ /^[0-9a-f]*:[0-9a-f:]*:/) word[i] = "[" word[i] "]"
				print "server https://" word[i] (word[i] ~ /:[0-9]+$/ ? "" : ":8443")
			}
		}'
}

# A token, -, or a file that has it.
read_token() {
	case $1 in
	wrn_*) printf '%s\n' "$1" ;;
	-) cat ;;
	*) cat "$1" ;;
	esac | parse_token
}

join() {
	token=${1--} name='' interface='' wanted='' service=yes
	[ $# = 0 ] || shift
	while [ $# -gt 0 ]; do
		case $1 in
		--name) name=$2 ;;
		--network) wanted=$2 ;;
		--interface) interface=$2 ;;
		--ca) ca=$2 ;;
		--no-service) service=no ;;
		*) fail "what is $1?" ;;
		esac
		[ "$1" = --no-service ] || shift
		shift
	done
	[ "$(id -u)" = 0 ] || fail "only root may make a tunnel"
	[ -f "$0" ] || fail "save this script to a file first"
	for program in wg ip awk; do has $program || fail "$program is missing: install it"; done
	mkdir -p "$base"
	take_turn || fail "another one is at it: try again in a moment"
	read_token "$token" >"$work/token"
	grep -q '^server ' "$work/token" ||
		fail "cannot parse the token: copy all of it; or it is of a newer form: take this script from the server again"
	ask_to_join
	say "$node has joined $network"
	rm -rf "$run/turn"
	trap - EXIT
	if [ "$service" = yes ]; then
		install
		follow
	fi
}

# Key and credential are made and kept before it asks: who asks once more is answered as before.
ask_to_join() {
	servers=$(sed -n 's/^server //p' "$work/token")
	pin=$(sed -n 's/^pin //p' "$work/token")
	if [ -s "$base/node" ]; then
		read -r network node old <"$base/node"
		[ "$pin" = "$(cat "$base/pin" 2>/dev/null)" ] ||
			fail "this router is in network $network of another server: leave that first"
		name=${name:-$node} interface=${interface:-$old}
		[ "$interface" = "$old" ] || fail "leave first, to have another interface"
	fi
	echo "$servers" | keep "$base/server"
	rm -f "$base/pin"
	[ -s "$base/node" ] || rm -f "$base/ca.pem"
	[ -z "$pin" ] || echo "$pin" | keep "$base/pin"
	[ -z "${ca-}" ] || keep "$base/ca.pem" <"$ca"
	demand_downloader
	demand_pinning
	[ -s "$base/key" ] || wg genkey | keep "$base/key"
	[ -s "$base/credential" ] || { printf wrc_; head -c 36 /dev/urandom | od -An -v -tx1 | tr -d ' \n'; } | keep "$base/credential"
	name=${name:-$(uname -n | tr '[:upper:]' '[:lower:]' | sed 's/\..*//')}
	network=${wanted:-$(sed -n 's/^network //p' "$work/token")}
	{
		printf '{"name":"%s","publicKey":"%s","credential":"%s"' "$name" "$(wg pubkey <"$base/key")" "$(cat "$base/credential")"
		printf ',"secret":"%s"' "$(sed -n 's/^secret //p' "$work/token")"
		printf '%s}' "${network:+,\"network\":\"$network\"}"
	} >"$work/body"
	ask join "$work/answer" || fail "not joined: $(cat "$work/why")"
	network=$(sed -n 's/.*"network":"\([a-z0-9-]*\)".*/\1/p' "$work/answer")
	node=$(sed -n 's/.*"node":"\([a-z0-9-]*\)".*/\1/p' "$work/answer")
	[ -n "$node" ] || fail "$(refusal)"
	echo "$network $node ${interface:-warren0}" | keep "$base/node"
	[ "$0" = "$base/warren-thin" ] || keep "$base/warren-thin" <"$0"
}

# Until the tunnel is up: somebody may have to approve it. What was installed goes on without this.
follow() {
	until [ -s "$base/device" ]; do
		(checkin)
		[ $? != $out ] || exit $out
		[ -s "$base/device" ] || sleep 3
	done
	say "$node is in $network, on $(cut -d ' ' -f 3 "$base/node")"
}

status() {
	[ -s "$base/node" ] || { say "this router has joined no network"; exit $out; }
	read -r network node interface <"$base/node"
	rev=none
	[ ! -s "$base/device" ] || read -r _ _ rev _ <"$base/device"
	echo "$node in $network, on $interface: revision $rev"
	! [ -s "$run/trouble" ] || sed 's/^/  /' "$run/trouble"
	wg show "$interface" latest-handshakes 2>/dev/null | awk -v now="$(date +%s)" '
		{ print "  " $1 " " ($2 > 0 ? "heard " (now - $2) " s ago" : "not heard yet") }'
}

case ${1-} in
join)
	shift
	join "$@"
	;;
checkin) checkin ;;
run)
	# Each time anew, so that a newer script takes over.
	while sh "$0" checkin || [ $? != $out ]; do sleep 15; done
	;;
leave) leave ;;
status) status ;;
*)
	sed -n '2,/^$/s/^# \{0,1\}//p' "$0" >&2
	exit 64
	;;
esac
