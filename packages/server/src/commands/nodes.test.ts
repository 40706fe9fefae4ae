/** How hosts come into a network and go. */
import { expect, test } from "vitest";
import { check, keyOf } from "./deeds.contract.ts";

test("joinNode() lets in by a token as often and as long as it holds", async () => {
  expect(
    await check(`
      join a A
      token {}
      join a A t1
      join b B t1
      token {"uses": 0, "hours": 2, "fields": {"tags": ["db"]}}
      join b B t2
      join c C t2
      later 2
      join d D t2
      token {}
      revoke t3
      join d D t3
      join d D none
      token {"isApproved": false}
      join d D t4
      token {"fields": {"subnets": 7, "nonsense": true}}
      nodes
    `),
  ).toMatchInlineSnapshot(`
    "join a A
      → unauthorised: network home wants a token; have somebody make one: warren token create home; or let hosts ask without one: warren network set home open=true
    token {}
      → t1
    join a A t1
      → is in
    join b B t1
      → unauthorised: the token was used up; have somebody make another: warren token create home
    token {"uses": 0, "hours": 2, "fields": {"tags": ["db"]}}
      → t2
    join b B t2
      → is in
    join c C t2
      → is in
    later 2
      → so it is
    join d D t2
      → unauthorised: the token has expired; have somebody make another: warren token create home
    token {}
      → t3
    revoke t3
      → done
    join d D t3
      → unauthorised: nobody knows this token: it was revoked, or is of another server or network; have somebody make another: warren token create home
    join d D none
      → unauthorised: nobody knows this token: it was revoked, or is of another server or network; have somebody make another: warren token create home
    token {"isApproved": false}
      → t4
    join d D t4
      → waits
    token {"fields": {"subnets": 7, "nonsense": true}}
      → invalid (nodes.node.nonsense, nodes.node.subnets): nodes.node has no field "nonsense"; known are address, endpoint, site, lan, subnets, exit, local, relay, tags, publicKey, listenPort, underlayMtu, mtu, keepalive, fwmark, table, firewall, ssh, hooks
    nodes
      → a offline 10.77.0.1 {}
        b offline 10.77.0.2 {"tags":["db"]}
        c offline 10.77.0.3 {"tags":["db"]}
        d waiting  {}"
  `);
});

test("joinNode() takes a token in its own network alone", async () => {
  expect(
    await check(`
      network other {}
      token {}
      join a A t1 other
      join a A t1 nowhere
      join a A t1
    `),
  ).toMatchInlineSnapshot(`
    "network other {}
      → done
    token {}
      → t1
    join a A t1 other
      → unauthorised: nobody knows this token: it was revoked, or is of another server or network; have somebody make another: warren token create other
    join a A t1 nowhere
      → unauthorised: nobody knows this token: it was revoked, or is of another server or network; have somebody make another: warren token create nowhere
    join a A t1
      → is in"
  `);
});

test("joinNode() has whoever comes without a token wait, where the network is open", async () => {
  expect(
    await check(`
      open true
      join a A
      join a A
      join a B
      set a {"endpoint": "203.0.113.1"}
      approve a {"endpoint": "203.0.113.1"}
      approve a {}
      join a A
      again a A
      approve b {}
      open false
      join c C
      nodes
    `),
  ).toMatchInlineSnapshot(`
    "open true
      → done
    join a A
      → waits
    join a A
      → conflict: there is a node a in network home already; choose another name with --name; or take that one out first: warren node remove home a
    join a B
      → conflict: there is a node a in network home already; choose another name with --name; or take that one out first: warren node remove home a
    set a {"endpoint": "203.0.113.1"}
      → conflict: node a waits for approval; approve it first: warren node approve home a
    approve a {"endpoint": "203.0.113.1"}
      → done
    approve a {}
      → conflict: node a is approved already; see it: warren node list home
    join a A
      → conflict: there is a node a in network home already; choose another name with --name; or take that one out first: warren node remove home a
    again a A
      → is in
    approve b {}
      → not-found: there is no node b in network home; there are a
    open false
      → done
    join c C
      → unauthorised: network home wants a token; have somebody make one: warren token create home; or let hosts ask without one: warren network set home open=true
    nodes
      → a offline 10.77.0.1 {"endpoint":"203.0.113.1"}"
  `);
});

test("joinNode() gives a token's bearer what was declared, or his own; to nobody what is another's", async () => {
  expect(
    await check(`
      set a {"endpoint": "203.0.113.1", "tags": ["db"]}
      token {"uses": 0, "fields": {"tags": ["web"]}}
      join a A t1
      join a A t1
      again a A t1
      join a B t1
      join b A t1
      join b B t1
      nodes
    `),
  ).toMatchInlineSnapshot(`
    "set a {"endpoint": "203.0.113.1", "tags": ["db"]}
      → done
    token {"uses": 0, "fields": {"tags": ["web"]}}
      → t1
    join a A t1
      → is in
    join a A t1
      → conflict: there is a node a in network home already; choose another name with --name; or take that one out first: warren node remove home a
    again a A t1
      → is in
    join a B t1
      → conflict: there is a node a in network home already; choose another name with --name; or take that one out first: warren node remove home a
    join b A t1
      → conflict: its key is that of node a: one may be a copy of the other's disk; have it make another: warren leave, and join again
    join b B t1
      → is in
    nodes
      → a offline 10.77.0.1 {"endpoint":"203.0.113.1","tags":["db"]}
        b offline 10.77.0.2 {"tags":["web"]}"
  `);
});

test("joinNode() answers whoever asks once more as before, whatever has become of his token", async () => {
  expect(
    await check(`
      token {}
      join a A t1
      again a A t1
      later 2
      again a A t1
      revoke t1
      again a A t1
      again a A
      again b A t1
      token {"isApproved": false}
      join b B t2
      again b B t2
      again b B
      join c C t2
      token {}
      again b B t3
      again b B t3
      join c C t3
      remove a
      again a A
      token {}
      again a A t4
      nodes
    `),
  ).toMatchInlineSnapshot(`
    "token {}
      → t1
    join a A t1
      → is in
    again a A t1
      → is in
    later 2
      → so it is
    again a A t1
      → is in
    revoke t1
      → done
    again a A t1
      → is in
    again a A
      → is in
    again b A t1
      → unauthorised: nobody knows this token: it was revoked, or is of another server or network; have somebody make another: warren token create home
    token {"isApproved": false}
      → t2
    join b B t2
      → waits
    again b B t2
      → waits
    again b B
      → waits
    join c C t2
      → unauthorised: the token was used up; have somebody make another: warren token create home
    token {}
      → t3
    again b B t3
      → is in
    again b B t3
      → is in
    join c C t3
      → unauthorised: the token was used up; have somebody make another: warren token create home
    remove a
      → done
    again a A
      → unauthorised: network home wants a token; have somebody make one: warren token create home; or let hosts ask without one: warren network set home open=true
    token {}
      → t4
    again a A t4
      → is in
    nodes
      → a offline 10.77.0.1 {}
        b offline 10.77.0.2 {}"
  `);
});

test("joinNode() takes nobody with the key of another node or client, nor a network such a one", async () => {
  expect(
    await check(`
      token {"uses": 0}
      apply {"network": {"addresses": "10.0.0.0/24"}, "nodes": {"a": {"publicKey": "${keyOf("A")}", "endpoint": "203.0.113.1"}}, "clients": {"phone": {"publicKey": "${keyOf("P")}", "via": "a"}}}
      join b A t1
      join b P t1
      join a B t1
      join a A t1
      join b B t1
      set b {"publicKey": "${keyOf("B")}"}
      set b {"publicKey": "${keyOf("C")}"}
      set c {"publicKey": "${keyOf("B")}"}
      set c {"publicKey": "${keyOf("C")}"}
      join d C t1
      apply {"network": {"addresses": "10.0.0.0/24"}, "nodes": {"a": {"endpoint": "203.0.113.1"}, "b": {}}, "clients": {"phone": {"publicKey": "${keyOf("B")}", "via": "a"}}}
      network other {"isOpen": true}
      again b B  other
      join b B  other
      nodes
    `),
  ).toMatchInlineSnapshot(`
    "token {"uses": 0}
      → t1
    apply {"network": {"addresses": "10.0.0.0/24"}, "nodes": {"…
      → done
    join b A t1
      → conflict: its key is that of node a: one may be a copy of the other's disk; have it make another: warren leave, and join again
    join b P t1
      → conflict: its key is that of client phone; have it make another: warren leave, and join again
    join a B t1
      → conflict: there is a node a in network home already; choose another name with --name; or take that one out first: warren node remove home a
    join a A t1
      → is in
    join b B t1
      → is in
    set b {"publicKey": "QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk…
      → done
    set b {"publicKey": "Q0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0…
      → invalid (nodes.b.publicKey): network home would be wrong: nodes.b.publicKey: its host has joined with another key; leave it out: a host's own key is known
    set c {"publicKey": "QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk…
      → invalid (nodes.c.publicKey): network home would be wrong: nodes.c.publicKey: the public key is that of "b" too; make a key of its own for each: wg genkey
    set c {"publicKey": "Q0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0…
      → done
    join d C t1
      → conflict: its key is that of node c: one may be a copy of the other's disk; have it make another: warren leave, and join again
    apply {"network": {"addresses": "10.0.0.0/24"}, "nodes": {"…
      → invalid (clients.phone.publicKey): network home would be wrong: clients.phone.publicKey: the public key is that of "b" too; make a key of its own for each: wg genkey
    network other {"isOpen": true}
      → done
    again b B  other
      → conflict: its key is that of node b: one may be a copy of the other's disk; have it make another: warren leave, and join again
    join b B  other
      → waits
    nodes
      → a offline 10.0.0.1 {"publicKey":"QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=","endpoint":"203.0.113.1"}
        b offline 10.0.0.2 {"publicKey":"QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI="}
        c declared 10.0.0.3 {"publicKey":"Q0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0M="}"
  `);
});

test("applyDocument() makes it so, and the second time there is nothing to do", async () => {
  const document =
    '{"network": {"addresses": "10.0.0.0/24"}, "nodes": {"a": {}, "b": {"endpoint": "203.0.113.2"}}, "links": [{"between": ["a", "b"], "path": "direct"}], "policy": [{"from": ["a"], "to": ["b"]}]}';
  expect(
    await check(`
      apply ${document}
      apply ${document}
      token {"uses": 0}
      join a A t1
      nodes
      join b B t1
      remove b
      remove a
      set b {"tag": ["db"]}
      set b {"subnets": ["10.0.0.0/25"]}
      set BAD {}
      set b {"hooks": {"postUp": ["reboot"]}}
      set b {"endpoint": null}
      apply {"network": {"addresses": "10.0.0.0/24"}, "nodes": {"b": {}}}
      join a A t1
      nodes
    `),
  ).toMatchInlineSnapshot(`
    "apply {"network": {"addresses": "10.0.0.0/24"}, "nodes": {"…
      → done
    apply {"network": {"addresses": "10.0.0.0/24"}, "nodes": {"…
      → nothing to do
    token {"uses": 0}
      → t1
    join a A t1
      → is in
    nodes
      → a offline 10.0.0.1 {}
        b declared 10.0.0.2 {"endpoint":"203.0.113.2"}
    join b B t1
      → is in
    remove b
      → invalid (links[0].between[1], policy[0].to[0]): network home would be wrong: links[0].between[1]: there is no site or node "b"; known are a
    remove a
      → invalid (links[0].between[0], policy[0].from[0]): network home would be wrong: links[0].between[0]: there is no site or node "a"; known are b
    set b {"tag": ["db"]}
      → invalid (nodes.b.tag): network home would be wrong: nodes.b has no field "tag"; did you mean tags?
    set b {"subnets": ["10.0.0.0/25"]}
      → invalid (nodes.b.subnets[0]): network home would be wrong: nodes.b.subnets[0]: 10.0.0.0/25 (behind "b") overlaps 10.0.0.0/24 (a range of the mesh); addresses must be unique across the mesh: renumber one, or leave it out here
    set BAD {}
      → invalid: cannot parse name "BAD"; use 1 to 63 lower-case letters, digits and inner hyphens: it becomes a DNS label and a file name
    set b {"hooks": {"postUp": ["reboot"]}}
      → invalid (nodes.b.hooks): network home would be wrong: nodes.b.hooks: a server has no host run commands; take them out, and have the host itself run them
    set b {"endpoint": null}
      → done
    apply {"network": {"addresses": "10.0.0.0/24"}, "nodes": {"…
      → done
    join a A t1
      → is in
    nodes
      → a offline 10.0.0.1 {}
        b offline 10.0.0.2 {}"
  `);
});
