/** What programs print of real firewalls; firewalld's table is cut to what leads from its two hooks. */

/** ufw 0.36.2 with `ufw allow 22/tcp`, without its chains for logs and for what leaves the host. */
export const UFW = `*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:ufw-after-forward - [0:0]
:ufw-after-input - [0:0]
:ufw-before-forward - [0:0]
:ufw-before-input - [0:0]
:ufw-not-local - [0:0]
:ufw-reject-forward - [0:0]
:ufw-reject-input - [0:0]
:ufw-skip-to-policy-forward - [0:0]
:ufw-skip-to-policy-input - [0:0]
:ufw-track-forward - [0:0]
:ufw-track-input - [0:0]
:ufw-user-forward - [0:0]
:ufw-user-input - [0:0]
:ufw-user-limit - [0:0]
:ufw-user-limit-accept - [0:0]
-A INPUT -j ufw-before-input
-A INPUT -j ufw-after-input
-A INPUT -j ufw-reject-input
-A INPUT -j ufw-track-input
-A FORWARD -j ufw-before-forward
-A FORWARD -j ufw-after-forward
-A FORWARD -j ufw-reject-forward
-A FORWARD -j ufw-track-forward
-A ufw-after-input -p udp -m udp --dport 137 -j ufw-skip-to-policy-input
-A ufw-after-input -p udp -m udp --dport 138 -j ufw-skip-to-policy-input
-A ufw-after-input -p tcp -m tcp --dport 139 -j ufw-skip-to-policy-input
-A ufw-after-input -p tcp -m tcp --dport 445 -j ufw-skip-to-policy-input
-A ufw-after-input -p udp -m udp --dport 67 -j ufw-skip-to-policy-input
-A ufw-after-input -p udp -m udp --dport 68 -j ufw-skip-to-policy-input
-A ufw-after-input -m addrtype --dst-type BROADCAST -j ufw-skip-to-policy-input
-A ufw-before-forward -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A ufw-before-forward -p icmp -m icmp --icmp-type 3 -j ACCEPT
-A ufw-before-forward -p icmp -m icmp --icmp-type 11 -j ACCEPT
-A ufw-before-forward -p icmp -m icmp --icmp-type 12 -j ACCEPT
-A ufw-before-forward -p icmp -m icmp --icmp-type 8 -j ACCEPT
-A ufw-before-forward -j ufw-user-forward
-A ufw-before-input -i lo -j ACCEPT
-A ufw-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A ufw-before-input -m conntrack --ctstate INVALID -j DROP
-A ufw-before-input -p icmp -m icmp --icmp-type 3 -j ACCEPT
-A ufw-before-input -p icmp -m icmp --icmp-type 11 -j ACCEPT
-A ufw-before-input -p icmp -m icmp --icmp-type 12 -j ACCEPT
-A ufw-before-input -p icmp -m icmp --icmp-type 8 -j ACCEPT
-A ufw-before-input -p udp -m udp --sport 67 --dport 68 -j ACCEPT
-A ufw-before-input -j ufw-not-local
-A ufw-before-input -d 224.0.0.251/32 -p udp -m udp --dport 5353 -j ACCEPT
-A ufw-before-input -d 239.255.255.250/32 -p udp -m udp --dport 1900 -j ACCEPT
-A ufw-before-input -j ufw-user-input
-A ufw-not-local -m addrtype --dst-type LOCAL -j RETURN
-A ufw-not-local -m addrtype --dst-type MULTICAST -j RETURN
-A ufw-not-local -m addrtype --dst-type BROADCAST -j RETURN
-A ufw-not-local -j DROP
-A ufw-skip-to-policy-forward -j DROP
-A ufw-skip-to-policy-input -j DROP
-A ufw-user-input -p tcp -m tcp --dport 22 -j ACCEPT
-A ufw-user-limit -m limit --limit 3/min -j LOG --log-prefix "[UFW LIMIT BLOCK] "
-A ufw-user-limit -j REJECT --reject-with icmp-port-unreachable
-A ufw-user-limit-accept -j ACCEPT`;

/** firewalld 1.3 as it is installed: one zone, with ssh. */
export const FIREWALLD = `{"nftables":[
{"table":{"family":"inet","name":"firewalld"}},
{"chain":{"family":"inet","table":"firewalld","name":"filter_INPUT","type":"filter","hook":"input","prio":10,"policy":"accept"}},
{"chain":{"family":"inet","table":"firewalld","name":"filter_FORWARD","type":"filter","hook":"forward","prio":10,"policy":"accept"}},
{"chain":{"family":"inet","table":"firewalld","name":"filter_INPUT_POLICIES_pre"}},
{"chain":{"family":"inet","table":"firewalld","name":"filter_INPUT_ZONES"}},
{"chain":{"family":"inet","table":"firewalld","name":"filter_INPUT_POLICIES_post"}},
{"chain":{"family":"inet","table":"firewalld","name":"filter_FORWARD_POLICIES_pre"}},
{"chain":{"family":"inet","table":"firewalld","name":"filter_FORWARD_ZONES"}},
{"chain":{"family":"inet","table":"firewalld","name":"filter_FORWARD_POLICIES_post"}},
{"chain":{"family":"inet","table":"firewalld","name":"filter_IN_public"}},
{"chain":{"family":"inet","table":"firewalld","name":"filter_IN_public_pre"}},
{"chain":{"family":"inet","table":"firewalld","name":"filter_IN_public_log"}},
{"chain":{"family":"inet","table":"firewalld","name":"filter_IN_public_deny"}},
{"chain":{"family":"inet","table":"firewalld","name":"filter_IN_public_allow"}},
{"chain":{"family":"inet","table":"firewalld","name":"filter_IN_public_post"}},
{"chain":{"family":"inet","table":"firewalld","name":"filter_FWD_public"}},
{"chain":{"family":"inet","table":"firewalld","name":"filter_FWD_public_pre"}},
{"chain":{"family":"inet","table":"firewalld","name":"filter_FWD_public_log"}},
{"chain":{"family":"inet","table":"firewalld","name":"filter_FWD_public_deny"}},
{"chain":{"family":"inet","table":"firewalld","name":"filter_FWD_public_allow"}},
{"chain":{"family":"inet","table":"firewalld","name":"filter_FWD_public_post"}},
{"chain":{"family":"inet","table":"firewalld","name":"filter_IN_policy_allow-host-ipv6"}},
{"chain":{"family":"inet","table":"firewalld","name":"filter_IN_policy_allow-host-ipv6_pre"}},
{"chain":{"family":"inet","table":"firewalld","name":"filter_IN_policy_allow-host-ipv6_log"}},
{"chain":{"family":"inet","table":"firewalld","name":"filter_IN_policy_allow-host-ipv6_deny"}},
{"chain":{"family":"inet","table":"firewalld","name":"filter_IN_policy_allow-host-ipv6_allow"}},
{"chain":{"family":"inet","table":"firewalld","name":"filter_IN_policy_allow-host-ipv6_post"}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_INPUT","expr":[{"match":{"op":"==","left":{"ct":{"key":"state"}},"right":{"set":["established","related"]}}},{"accept":null}]}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_INPUT","expr":[{"match":{"op":"in","left":{"ct":{"key":"status"}},"right":"dnat"}},{"accept":null}]}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_INPUT","expr":[{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"lo"}},{"accept":null}]}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_INPUT","expr":[{"match":{"op":"in","left":{"ct":{"key":"state"}},"right":"invalid"}},{"drop":null}]}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_INPUT","expr":[{"jump":{"target":"filter_INPUT_ZONES"}}]}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_INPUT","expr":[{"reject":{"type":"icmpx","expr":"admin-prohibited"}}]}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_FORWARD","expr":[{"match":{"op":"==","left":{"ct":{"key":"state"}},"right":{"set":["established","related"]}}},{"accept":null}]}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_FORWARD","expr":[{"match":{"op":"in","left":{"ct":{"key":"status"}},"right":"dnat"}},{"accept":null}]}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_FORWARD","expr":[{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"lo"}},{"accept":null}]}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_FORWARD","expr":[{"match":{"op":"in","left":{"ct":{"key":"state"}},"right":"invalid"}},{"drop":null}]}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_FORWARD","expr":[{"match":{"op":"==","left":{"payload":{"protocol":"ip6","field":"daddr"}},"right":{"set":[{"prefix":{"addr":"::","len":96}},{"prefix":{"addr":"::ffff:0.0.0.0","len":96}},{"prefix":{"addr":"2002::","len":24}},{"prefix":{"addr":"2002:a00::","len":24}},{"prefix":{"addr":"2002:7f00::","len":24}},{"prefix":{"addr":"2002:a9fe::","len":32}},{"prefix":{"addr":"2002:ac10::","len":28}},{"prefix":{"addr":"2002:c0a8::","len":32}},{"prefix":{"addr":"2002:e000::","len":19}}]}}},{"reject":{"type":"icmpv6","expr":"addr-unreachable"}}]}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_FORWARD","expr":[{"jump":{"target":"filter_FORWARD_ZONES"}}]}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_FORWARD","expr":[{"reject":{"type":"icmpx","expr":"admin-prohibited"}}]}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_INPUT_POLICIES_pre","expr":[{"jump":{"target":"filter_IN_policy_allow-host-ipv6"}}]}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_INPUT_ZONES","expr":[{"goto":{"target":"filter_IN_public"}}]}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_FORWARD_ZONES","expr":[{"goto":{"target":"filter_FWD_public"}}]}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_IN_public","expr":[{"jump":{"target":"filter_INPUT_POLICIES_pre"}}]}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_IN_public","expr":[{"jump":{"target":"filter_IN_public_pre"}}]}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_IN_public","expr":[{"jump":{"target":"filter_IN_public_log"}}]}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_IN_public","expr":[{"jump":{"target":"filter_IN_public_deny"}}]}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_IN_public","expr":[{"jump":{"target":"filter_IN_public_allow"}}]}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_IN_public","expr":[{"jump":{"target":"filter_IN_public_post"}}]}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_IN_public","expr":[{"jump":{"target":"filter_INPUT_POLICIES_post"}}]}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_IN_public","expr":[{"match":{"op":"==","left":{"meta":{"key":"l4proto"}},"right":{"set":["icmp","ipv6-icmp"]}}},{"accept":null}]}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_IN_public","expr":[{"reject":{"type":"icmpx","expr":"admin-prohibited"}}]}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_IN_public_allow","expr":[{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":22}},{"accept":null}]}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_IN_public_allow","expr":[{"match":{"op":"==","left":{"payload":{"protocol":"ip6","field":"daddr"}},"right":{"prefix":{"addr":"fe80::","len":64}}}},{"match":{"op":"==","left":{"payload":{"protocol":"udp","field":"dport"}},"right":546}},{"accept":null}]}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_FWD_public","expr":[{"jump":{"target":"filter_FORWARD_POLICIES_pre"}}]}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_FWD_public","expr":[{"jump":{"target":"filter_FWD_public_pre"}}]}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_FWD_public","expr":[{"jump":{"target":"filter_FWD_public_log"}}]}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_FWD_public","expr":[{"jump":{"target":"filter_FWD_public_deny"}}]}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_FWD_public","expr":[{"jump":{"target":"filter_FWD_public_allow"}}]}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_FWD_public","expr":[{"jump":{"target":"filter_FWD_public_post"}}]}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_FWD_public","expr":[{"jump":{"target":"filter_FORWARD_POLICIES_post"}}]}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_FWD_public","expr":[{"reject":{"type":"icmpx","expr":"admin-prohibited"}}]}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_IN_policy_allow-host-ipv6","expr":[{"jump":{"target":"filter_IN_policy_allow-host-ipv6_pre"}}]}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_IN_policy_allow-host-ipv6","expr":[{"jump":{"target":"filter_IN_policy_allow-host-ipv6_log"}}]}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_IN_policy_allow-host-ipv6","expr":[{"jump":{"target":"filter_IN_policy_allow-host-ipv6_deny"}}]}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_IN_policy_allow-host-ipv6","expr":[{"jump":{"target":"filter_IN_policy_allow-host-ipv6_allow"}}]}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_IN_policy_allow-host-ipv6","expr":[{"jump":{"target":"filter_IN_policy_allow-host-ipv6_post"}}]}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_IN_policy_allow-host-ipv6_allow","expr":[{"match":{"op":"==","left":{"payload":{"protocol":"icmpv6","field":"type"}},"right":"nd-neighbor-advert"}},{"accept":null}]}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_IN_policy_allow-host-ipv6_allow","expr":[{"match":{"op":"==","left":{"payload":{"protocol":"icmpv6","field":"type"}},"right":"nd-neighbor-solicit"}},{"accept":null}]}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_IN_policy_allow-host-ipv6_allow","expr":[{"match":{"op":"==","left":{"payload":{"protocol":"icmpv6","field":"type"}},"right":"nd-router-advert"}},{"accept":null}]}},
{"rule":{"family":"inet","table":"firewalld","chain":"filter_IN_policy_allow-host-ipv6_allow","expr":[{"match":{"op":"==","left":{"payload":{"protocol":"icmpv6","field":"type"}},"right":"nd-redirect"}},{"accept":null}]}}
]}`;

/** The usual /etc/nftables.conf of a server. */
export const SERVER = `{"nftables":[
{"metainfo":{"version":"1.0.6","release_name":"Lester Gooch #5","json_schema_version":1}},
{"table":{"family":"inet","name":"filter","handle":1}},
{"chain":{"family":"inet","table":"filter","name":"input","handle":1,"type":"filter","hook":"input","prio":0,"policy":"drop"}},
{"chain":{"family":"inet","table":"filter","name":"forward","handle":2,"type":"filter","hook":"forward","prio":0,"policy":"drop"}},
{"rule":{"family":"inet","table":"filter","chain":"input","handle":4,"expr":[{"vmap":{"key":{"ct":{"key":"state"}},"data":{"set":[["invalid",{"drop":null}],["established",{"accept":null}],["related",{"accept":null}]]}}}]}},
{"rule":{"family":"inet","table":"filter","chain":"input","handle":5,"expr":[{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"lo"}},{"accept":null}]}},
{"rule":{"family":"inet","table":"filter","chain":"input","handle":7,"expr":[{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":{"set":[22,{"range":[80,90]}]}}},{"accept":null}]}},
{"rule":{"family":"inet","table":"filter","chain":"input","handle":8,"expr":[{"match":{"op":"==","left":{"payload":{"protocol":"icmp","field":"type"}},"right":"echo-request"}},{"accept":null}]}}
]}`;

export const DOCKER = `*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:DOCKER - [0:0]
:DOCKER-ISOLATION-STAGE-1 - [0:0]
:DOCKER-ISOLATION-STAGE-2 - [0:0]
:DOCKER-USER - [0:0]
-A FORWARD -j DOCKER-USER
-A FORWARD -j DOCKER-ISOLATION-STAGE-1
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o docker0 -j DOCKER
-A FORWARD -i docker0 ! -o docker0 -j ACCEPT
-A FORWARD -i docker0 -o docker0 -j ACCEPT
-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
-A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2
-A DOCKER-ISOLATION-STAGE-1 -j RETURN
-A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP
-A DOCKER-ISOLATION-STAGE-2 -j RETURN
-A DOCKER-USER -j RETURN`;
