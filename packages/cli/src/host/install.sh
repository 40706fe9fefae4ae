# Installs packages, and makes the host's own key.

# TOOL…: what gives these, by the names that each system has for them.
packages() {
	for tool in "$@"; do
		case $(installer):$tool in
		apk:wg-quick) echo wireguard-tools-wg-quick wireguard-tools-openrc ;;
		*:wg | *:wg-quick) echo wireguard-tools ;;
		*:nft) echo nftables ;;
		apt-get:ping) echo iputils-ping ;;
		apt-get:ip | apk:ip) echo iproute2 ;;
		*:ip) echo iproute ;;
		*) echo "$tool" ;;
		esac
	done | tr ' ' '\n' | sort -u
}

# OpenWrt's packages have no wg-quick.
installer() {
	for each in apt-get dnf yum apk zypper pacman; do
		if has $each; then
			echo $each
			return
		fi
	done
}

install_with() {
	case $1 in
	apt-get)
		shift
		# First with what the host knows already; another's hold on the database is waited for.
		set -- env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=120 \
			install --no-install-recommends "$@"
		"$@" || { apt-get -q update && "$@"; }
		;;
	dnf) shift && dnf -q -y install "$@" ;;
	yum) shift && yum -q -y install "$@" ;;
	apk) shift && apk -q add "$@" ;;
	zypper) shift && zypper -q -n install "$@" ;;
	pacman) shift && pacman -q --noconfirm --needed -S "$@" ;;
	esac
}

# TOOL…
install_tools() {
	by=$(installer)
	[ -n "$by" ] || fail no-installer "$@"
	# shellcheck disable=SC2046
	set -- "$@" -- $(packages "$@")
	wanted=
	while [ "$1" != -- ]; do
		wanted="$wanted $1"
		shift
	done
	shift
	said=$(install_with "$by" "$@" 2>&1 </dev/null) || {
		fail install-failed "$by $*: $(echo "$said" | grep -v '^ *$' | tail -n 1)"
	}
	for tool in $wanted; do has "$tool" || fail install-failed "$by $*: it brings no $tool"; done
	# Noted beside what else was before, for who takes all off again.
	for package in "$@"; do
		echo "package $package" >>"$etc/$interface.before"
		echo "installed $package"
	done
}

# adopt: the key that is there, else a new one. fresh: one that waits until the change that needs it.
make_key() {
	file=$etc/$interface.key
	[ "$1" != fresh ] || file=$file.new
	mkdir -p "$etc" 2>/dev/null || fail cannot-write "$etc"
	# Left over from one that came into use while nobody was there to confirm it.
	if [ "$1" = fresh ] && cmp -s "$file" "$etc/$interface.key"; then rm "$file"; fi
	is_made=
	if [ ! -s "$file" ]; then
		is_made=yes
		said=$({ wg genkey >"$file.part" && { sync "$file.part" 2>/dev/null || sync; } && mv "$file.part" "$file"; } 2>&1) || {
			rm -f "$file.part"
			fail cannot-write "$said"
		}
	fi
	public=$(wg pubkey <"$file") || fail key-unreadable "$file"
	[ -z "$is_made" ] || echo "key $public" >>"$etc/$interface.before"
	echo "public $public"
}
