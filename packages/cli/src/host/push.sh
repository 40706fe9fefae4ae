# The commands of a push: what the host is told over ssh, and the guard that outlives the connection.

# The run of somebody else is waited for: at the latest its guard ends it. One that was killed is taken over.
take() {
	waited=0
	mkdir -p "${run%/*}"
	until mkdir "$run" 2>/dev/null; do
		[ -d "$run" ] || fail no-room
		sleep 1
		waited=$((waited + 1))
		if ! kill -0 "$(cat "$run/pid" 2>/dev/null)" 2>/dev/null; then
			rm -rf "$run"
		elif [ $waited -ge 90 ]; then
			fail busy
		fi
	done
	echo $$ >"$run/pid"
}

# PUBLIC: which of the host's own keys is meant.
choose_key() {
	for each in "$etc/$interface.key" "$etc/$interface.key.new"; do
		if [ -s "$each" ] && [ "$(wg pubkey <"$each")" = "$1" ]; then
			cp "$each" "$in/wireguard/$interface.key"
			return
		fi
	done
	fail key-differs
}

# [PUBLIC]: what would be done.
plan() {
	work=$in
	[ -z "${1-}" ] || choose_key "$1"
	steps "$in" | sed 's/^/step /'
}

# SECONDS [PUBLIC]: does it, and ends when the guard has it done, or undone.
begin() {
	take
	plan "${2-}" >"$in/plan"
	if [ ! -s "$in/plan" ]; then
		rm -rf "$run"
		return
	fi
	mkdir "$run/work" "$run/old" "$run/old/wireguard" "$run/old/systemd" "$run/new"
	mv "$in/wireguard" "$in/systemd" "$run/new/"
	cp "$in/program" "$run/program"
	own_files | while read -r name; do
		[ ! -e "$(target "$name")" ] || cp -p "$(target "$name")" "$run/old/$name"
	done
	rm -f "$run/old/wireguard/$interface.before"
	: >"$run/trial"
	detach=
	! has setsid || detach=setsid
	in=$run $detach sh "$run/program" "$interface" guard "$1" </dev/null >"$run/said" 2>&1 &
	echo $! >"$run/pid"
	until [ -e "$run/outcome" ]; do sleep 0.1 2>/dev/null || sleep 1; done
	outcome=$(cat "$run/outcome")
	echo "$outcome"
	case $outcome in fail*) rm -rf "$run" && exit 1 ;; esac
}

guard() {
	trap '' HUP
	echo $$ >"$run/pid"
	work=$run/work
	if ! converge "$run/new"; then
		said=$(grep -v '^ *$' "$run/said" | tail -n 1)
		converge "$run/old"
		rm -rf "$run/new" "$run/old" "$run/trial" "$work"
		echo "fail undone $said" >"$run/outcome.part"
		mv "$run/outcome.part" "$run/outcome"
		return
	fi
	awk '!seen[$0]++ { print "step " $0 }' "$run/did" >"$run/outcome.part"
	mv "$run/outcome.part" "$run/outcome"
	waited=0
	while [ $waited -lt "$1" ] && [ -e "$run/trial" ]; do
		sleep 1
		waited=$((waited + 1))
	done
	# Whoever moves the file first has decided.
	mv "$run/trial" "$run/expired" 2>/dev/null || return 0
	converge "$run/old"
	rm -rf "$run"
}

# Over a connection that was made after the change.
confirm() {
	mv "$run/trial" "$run/confirmed" 2>/dev/null || fail expired
	boot=$(boot_steps "$run/new")
	case $boot in
	*+) service enable ;;
	*-) service disable ;;
	esac >"$run/said" || boot="fail no-boot $(tail -n 1 "$run/said")"
	case $boot in fail*) echo "$boot" ;; esac
	rm -rf "$etc/$interface.key.new" "$run"
}

command=$1
shift
case $command in
facts) facts ;;
install) install_tools "$@" ;;
key) make_key "$@" ;;
plan) plan "$@" ;;
begin) begin "$@" ;;
guard) guard "$@" ;;
confirm) confirm ;;
probe) probe "$@" ;;
status) status ;;
esac
