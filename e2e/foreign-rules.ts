/** Rules of others that are in a tunnel's way: as Docker, a careful administrator and his container's port have them. */
export const FOREIGN = `
nft -f - <<'END'
table inet guard {
	chain input {
		type filter hook input priority filter; policy drop;
		ct state established,related accept
		iifname "lo" accept
		icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } accept
	}
}
table ip other {
	chain prerouting {
		type nat hook prerouting priority dstnat; policy accept;
		tcp dport 8080 redirect to :80
	}
}
END
for tables in iptables ip6tables; do
  $tables -N DOCKER-USER
  $tables -A DOCKER-USER -j RETURN
  $tables -A FORWARD -j DOCKER-USER
  $tables -A FORWARD -i docker0 -j ACCEPT
  $tables -P FORWARD DROP
done
`;
