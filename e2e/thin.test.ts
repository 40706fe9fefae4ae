/** Small routers: a machine with BusyBox, wg, ip and curl alone, and the script that the server hands out. */
import { expect, test } from "vitest";
import {
  withoutMoments,
  createControl,
  machinesOf,
  serveOn,
  type,
  typeInVain,
  untilServing,
} from "./control-machines.ts";
import type { System } from "./system.ts";
import { useGround } from "./systems-fixture.ts";

const ground = useGround();

/** No program is found there but those that such a router has. */
const BIN = "/opt/router";
const ROUTER = {
  init: "sshd",
  prepare: [
    `mkdir ${BIN}
    for each in $(busybox --list); do ln -s "$(command -v busybox)" ${BIN}/$each; done
    rm ${BIN}/wget ${BIN}/crontab
    for each in wg curl nft wireguard-go; do ln -sf "$(command -v $each)" ${BIN}/; done`,
  ],
} as const;

/** What it prints on both streams, and how it ends. */
async function onRouter(router: System, script: string, shell = "sh"): Promise<string> {
  const words = [
    "env",
    "-i",
    `PATH=${BIN}`,
    ...shell.split(" "),
    "-c",
    `exec 2>&1\ncd /root\n${script}`,
  ];
  const { status, output } = await router.attempt({ words, wayOut: "" });
  return status === 0 ? output : `${output}exit ${status}\n`;
}

/** What is another each time: keys, and how long ago it was. */
function steady(printed: string): string {
  return withoutMoments(printed)
    .replaceAll(/publicKey=\S+/g, "publicKey=…")
    .replaceAll(/\d+ s ago/g, "… s ago");
}

const CHECKIN = "sh warren-thin checkin";
const PING = "ping -q -W 3 -c 1 10.77.0.1 >/dev/null && echo reached";
/** Of the tunnel, as anybody may see it. */
const LOOK =
  "ip -o -4 address show dev warren0; ip -4 route show dev warren0; wg show warren0 allowed-ips | cut -f 2; wg show warren0 persistent-keepalive | cut -f 2";

test("a router joins by the command that `warren token create --router` prints, and follows what is changed", async () => {
  const lab = await createControl(ground, ["srv", "b"], { r: { system: ROUTER } });
  const [srv, b, r] = machinesOf(lab, "srv", "b", "r");
  await serveOn(srv);
  await type(b, `warren join ${await type(srv, "warren token create mesh")}`);
  const command = (await type(srv, "warren token create mesh --router --ask")).trim();
  await onRouter(r, `${command} --no-service`);
  const waiting = await onRouter(r, `${CHECKIN}; ${CHECKIN}; ip link show warren0`);
  expect(steady(waiting)).toMatchInlineSnapshot(`
    "warren: waiting for approval: on the server, warren node approve mesh r publicKey=…
    ip: can't find device 'warren0'
    exit 2
    "
  `);
  expect(steady(await type(srv, "warren node approve mesh r; warren node list mesh")))
    .toMatchInlineSnapshot(`
    "r: approved
    node  state                   addresses  endpoint
    b     current                 10.77.0.1  203.0.113.2:51820
    r     being changed, … s ago  10.77.0.2
    "
  `);
  expect(await onRouter(r, `${CHECKIN}; ${PING}; ${LOOK}; ${CHECKIN}; ${CHECKIN}`))
    .toMatchInlineSnapshot(`
      "warren: revision 6: warren0 made, peers set, addresses and routes set
      reached
      3: warren0    inet 10.77.0.2/16 scope global warren0\\       valid_lft forever preferred_lft forever
      10.77.0.0/16 dev warren0 scope link  src 10.77.0.2 
      10.77.0.1/32
      25
      warren: revision 6: peers set
      "
    `);
  expect(steady(await type(srv, "warren node list mesh"))).toMatchInlineSnapshot(`
    "node  state             addresses  endpoint
    b     current           10.77.0.1  203.0.113.2:51820
    r     current, … s ago  10.77.0.2  203.0.113.3:51820
    "
  `);

  await type(srv, "warren node set mesh b subnets=192.168.9.0/24");
  expect(await onRouter(r, `${CHECKIN}; ${LOOK}`)).toMatchInlineSnapshot(`
    "warren: revision 7: peers set, addresses and routes set
    3: warren0    inet 10.77.0.2/16 scope global warren0\\       valid_lft forever preferred_lft forever
    10.77.0.0/16 dev warren0 scope link  src 10.77.0.2 
    192.168.9.0/24 dev warren0 scope link 
    10.77.0.1/32 192.168.9.0/24
    off
    "
  `);
  await type(srv, "warren node set mesh b subnets=");
  // By other shells, too; the second finds nothing left to do.
  expect(
    await onRouter(
      r,
      `/bin/dash warren-thin checkin; /bin/bash --posix warren-thin checkin; ${LOOK}`,
    ),
  ).toMatchInlineSnapshot(`
    "warren: revision 8: peers set, addresses and routes set
    3: warren0    inet 10.77.0.2/16 scope global warren0\\       valid_lft forever preferred_lft forever
    10.77.0.0/16 dev warren0 scope link  src 10.77.0.2 
    10.77.0.1/32
    off
    "
  `);
  // By hand.
  for (const harm of [
    'wg set warren0 peer "$(wg show warren0 peers)" remove',
    "ip address del 10.77.0.2/16 dev warren0",
    "ip link set dev warren0 down",
    "ip link del dev warren0",
  ]) {
    const printed = await onRouter(r, `${harm}; ${CHECKIN}; ${CHECKIN}; ${PING}`);
    expect(printed).toMatch(/^warren: put right: [^\n]*\nreached\n$/);
  }

  // What the policy wants is there before the tunnel is, or there is none.
  await type(srv, "warren node set mesh r tags=router");
  await type(
    srv,
    "warren pull mesh -o /root/mesh.yaml; printf 'policy:\\n  - { from: b, to: r, ports: [tcp/22] }\\n' >>/root/mesh.yaml; warren apply mesh -f /root/mesh.yaml --yes",
  );
  expect(await onRouter(r, `mv ${BIN}/nft /; ${CHECKIN}`)).toMatchInlineSnapshot(`
    "warren: the policy needs a filter here, and there is no nft: install nftables
    exit 1
    "
  `);
  expect(steady(await typeInVain(srv, "warren node list mesh"))).toMatchInlineSnapshot(`
    "node  state            addresses  endpoint
    b     current          10.77.0.1  203.0.113.2:51820
    r     failed, … s ago  10.77.0.2  203.0.113.3:51820
    r: the policy needs a filter here, and there is no nft: install nftables
    "
  `);
  const flushed = `mv /nft ${BIN}; ${CHECKIN}; nft flush ruleset; ${CHECKIN}; ${CHECKIN}; nft list tables`;
  expect(await onRouter(r, flushed)).toMatchInlineSnapshot(`
    "warren: revision 10: filter set
    warren: put right: filter set
    table inet warren-warren0
    "
  `);
  expect(
    await onRouter(r, `ip link del dev warren0; mv ${BIN}/nft /; ${CHECKIN}; ip link show warren0`),
  ).toMatchInlineSnapshot(`
    "warren: the policy needs a filter here, and there is no nft: install nftables
    ip: can't find device 'warren0'
    exit 2
    "
  `);
}, 60_000);

test("its tunnel needs no server: not at boot, not after a restored store; but one that was taken out goes", async () => {
  const lab = await createControl(ground, ["srv", "b"], { r: { system: ROUTER } });
  const [srv, b, r] = machinesOf(lab, "srv", "b", "r");
  await serveOn(srv);
  await type(b, `warren join ${await type(srv, "warren token create mesh")}`);
  await type(srv, "warren server backup /root/before");
  const command = (await type(srv, "warren token create mesh --router")).trim();
  await onRouter(r, `${command} --no-service; ${CHECKIN}; ${CHECKIN}`);
  await type(srv, "warren server backup /root/after; systemctl stop warren-server");
  await r.crash();
  expect(await onRouter(r, `${CHECKIN}; ${PING}; ${CHECKIN}`)).toMatchInlineSnapshot(`
    "warren: put right: warren0 made, peers set, addresses and routes set
    warren: no address of the server answers as it should: curl: (7) Failed to connect to 203.0.113.1 port 8443: Couldn't connect to server
    reached
    exit 1
    "
  `);

  // It was never there, as that copy has it; as the other has it, it was.
  const told = [];
  for (const copy of ["before", "after"]) {
    await type(
      srv,
      `systemctl stop warren-server; warren server restore /root/${copy}; systemctl start warren-server`,
    );
    await untilServing(srv);
    told.push(await onRouter(r, `${CHECKIN}; ${PING}; ${CHECKIN}`));
  }
  expect(told).toEqual([
    "warren: the server does not know this router any more: join again with a new token\nreached\nexit 1\n",
    "reached\n",
  ]);

  // What would take away most of its peers, or was there before what it has, is no mesh that it knows.
  const forge = (epoch: string, rev: number) => `
    head="device ${epoch} ${rev} $(printf %032d 0)"
    sed "1s/.*/$head/; \\$d" kept >/etc/warren/device
    for i in 1 2 3 4 5 6; do printf 'wg [Peer]\\nwg PublicKey = %s\\n' "$(wg genkey | wg pubkey)"; done >>/etc/warren/device
    echo end >>/etc/warren/device
    ${CHECKIN}; ${PING}`;
  const forged = [forge("another", 2), forge("$(cut -d ' ' -f 2 kept | head -n 1)", 99)];
  expect(await onRouter(r, `cp /etc/warren/device kept; ${forged.join("\n")}`))
    .toMatchInlineSnapshot(`
    "warren: put right: peers set
    warren: refused: it would take away 6 of 7 peers, and nobody says that this is meant
    reached
    warren: put right: peers set
    warren: refused: the server is at revision 5, and has been at 99
    reached
    "
  `);
  await onRouter(r, `cp kept /etc/warren/device; ${CHECKIN}`);

  await type(srv, "warren node remove mesh r");
  expect(await onRouter(r, `${CHECKIN}; ls /etc/warren; ip link show warren0; ${CHECKIN}`))
    .toMatchInlineSnapshot(`
    "warren: taken out of network mesh: the tunnel is down
    ls: /etc/warren: No such file or directory
    ip: can't find device 'warren0'
    warren: this router has joined no network
    exit 78
    "
  `);
  const again = (await type(srv, "warren token create mesh --router")).trim();
  await onRouter(r, `${again} --no-service --name other; ${CHECKIN}; ${PING}`);
  expect(await onRouter(r, "sh warren-thin leave; ip link show warren0; ls /etc/warren"))
    .toMatchInlineSnapshot(`
    "warren: mesh: left
    ip: can't find device 'warren0'
    ls: /etc/warren: No such file or directory
    exit 1
    "
  `);
  expect(steady(await type(srv, "warren node list mesh"))).toMatchInlineSnapshot(`
    "node  state    addresses  endpoint
    b     current  10.77.0.1  203.0.113.2:51820
    "
  `);
}, 60_000);

/** Does not know what a pin is, and goes on. */
const CARELESS = `#!/bin/sh
for word; do
  shift
  case $word in --pinnedpubkey | sha256//*) ;; *) set -- "$@" "$word" ;; esac
done
exec /usr/bin/curl "$@"
`;

test("it talks to its own server alone, and shows its secrets to nobody", async () => {
  const lab = await createControl(ground, ["srv"], { r: { system: ROUTER } });
  const [srv, r] = machinesOf(lab, "srv", "r");
  await serveOn(srv);
  await type(srv, "warren node add mesh b publicKey=$(wg genkey | wg pubkey) endpoint=203.0.113.9");
  const [take = ""] = (await type(srv, "warren token create mesh --router")).split(" && ");
  const token = (await type(srv, "warren token create mesh --uses 0")).trim();
  await onRouter(
    r,
    `${take}; printf '%s' ${token} >token; printf '%s' '${CARELESS}' >careless; chmod 755 careless`,
  );
  const pem = await type(srv, "openssl x509 -in /var/lib/warren-server/certificate.pem");
  await onRouter(r, `echo '${pem}' >ca.pem`);
  const join = "sh warren-thin join token --no-service";

  await onRouter(r, `mv ${BIN}/curl /`);
  expect(await onRouter(r, join)).toMatchInlineSnapshot(`
    "warren: nothing here can tell the right server from another: install curl, or have uclient-fetch or GNU wget, and give the server's certificate: --ca FILE
    exit 1
    "
  `);
  expect(
    await onRouter(r, `ln -s "$(readlink ${BIN}/sh)" ${BIN}/wget; ${join}; rm ${BIN}/wget`),
  ).toContain("install curl");
  expect(await onRouter(r, `cp careless ${BIN}/curl; ${join}; rm ${BIN}/curl`))
    .toMatchInlineSnapshot(`
    "warren: this curl cannot tell a server by its key: install another, or give --ca FILE
    "
  `);
  // In place of uclient-fetch, which takes the same words. BusyBox's shell would take its own for it.
  expect(
    await onRouter(
      r,
      `ln -s /usr/bin/wget ${BIN}; alias sh=/bin/dash
${join} --ca ca.pem; ${CHECKIN}; sh warren-thin leave; rm ${BIN}/wget`,
    ),
  ).toMatchInlineSnapshot(`
    "warren: r has joined mesh
    warren: revision 5: warren0 made, peers set, addresses and routes set
    warren: mesh: left
    "
  `);

  const watch =
    "while [ -e join ]; do for each in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <$each; echo; done; done >argv 2>/dev/null & ";
  const printed = await onRouter(
    r,
    `mv /curl ${BIN}; : >join; ${watch} ${join}; for i in 1 2 3 4 5; do ${CHECKIN}; done; rm join; wait`,
  );
  const secrets = await onRouter(
    r,
    "cd /etc/warren; cat key credential; echo; sed -n 's/^wg PresharedKey = //p' device; cat /root/token",
  );
  expect(secrets.trim().split("\n")).toHaveLength(4);
  const argv = await onRouter(r, "cat argv");
  expect(argv).toContain("curl -q -sS -m 30 -k --pinnedpubkey");
  for (const secret of secrets.trim().split("\n")) {
    expect(secret).toMatch(/^(wr[nc]_)?[\w+/=-]{44,}$/);
    expect(argv + printed).not.toContain(secret);
  }
  const modes = "find /etc/warren /run/warren-thin -exec stat -c %a {} + | sort -u";
  expect(await onRouter(r, modes)).toBe("600\n700\n");

  // Somebody else at its address.
  expect(
    await onRouter(
      r,
      `sed -i 's/^..../AAAA/' /etc/warren/pin; ${CHECKIN}; ip link show warren0 | wc -l`,
    ),
  ).toMatchInlineSnapshot(`
    "warren: no address of the server answers as it should: another server answers there, as its key or certificate tells
    2
    "
  `);
}, 60_000);

/** Stand-ins of OpenWrt's: what runs init scripts there, and how these are written, as its documents have it. */
const OPENWRT = `
mkdir -p /lib/upgrade/keep.d /etc/rc.d
printf '#!/bin/sh\\n' >/sbin/procd
cat >/etc/rc.common <<'end'
#!/bin/sh
initscript=$1
procd_open_instance() { :; }
procd_set_param() { echo "$*"; }
procd_close_instance() { :; }
. "$initscript"
case $2 in
enable) ln -s "$initscript" "/etc/rc.d/S$START\${initscript##*/}" ;;
disable) rm -f "/etc/rc.d/S$START\${initscript##*/}" ;;
restart) start_service ;;
esac
end
chmod 755 /sbin/procd /etc/rc.common
`;

test("it is started at boot, by whatever starts programs there, and no more once it has left", async () => {
  const lab = await createControl(ground, ["srv"], { r: { system: ROUTER } });
  const [srv, r] = machinesOf(lab, "srv", "r");
  await serveOn(srv);
  const join = async () => (await type(srv, "warren token create mesh --router")).trim();
  const leave = "sh warren-thin leave; ls /etc/warren";
  expect(await onRouter(r, `${await join()}; ${leave}`)).toMatchInlineSnapshot(`
    "warren: r has joined mesh
    warren: nothing starts programs here: have this run at boot: sh /etc/warren/warren-thin run
    warren: revision 3: warren0 made, peers set, addresses and routes set
    warren: r is in mesh, on warren0
    warren: mesh: left
    ls: /etc/warren: No such file or directory
    exit 1
    "
  `);

  await onRouter(
    r,
    `ln -s "$(readlink ${BIN}/sh)" ${BIN}/crontab; mkdir -p /var/spool/cron/crontabs`,
  );
  await onRouter(r, "echo '0 0 * * * true' | crontab -; export USER=root");
  const byCron =
    'crontab -l; ip link del dev warren0; sh -c "$(crontab -l | sed -n "\\$s/^[* ]*//p")"';
  expect(await onRouter(r, `${await join()}; ${byCron}; ${leave}; crontab -l`))
    .toMatchInlineSnapshot(`
      "warren: r has joined mesh
      warren: cron runs it each minute
      warren: revision 6: warren0 made, peers set, addresses and routes set
      warren: r is in mesh, on warren0
      0 0 * * * true
      * * * * * PATH=/opt/router sh /etc/warren/warren-thin checkin
      warren: put right: warren0 made, peers set, addresses and routes set
      warren: mesh: left
      ls: /etc/warren: No such file or directory
      0 0 * * * true
      "
    `);

  await type(r, OPENWRT);
  const files = "ls /etc/init.d/warren-thin /etc/rc.d; cat /lib/upgrade/keep.d/*";
  expect(await onRouter(r, `${await join()}; ${files}; ${leave}; ${files}`)).toMatchInlineSnapshot(`
    "warren: r has joined mesh
    command /bin/sh /etc/warren/warren-thin run
    respawn 3600 5 0
    stdout 1
    stderr 1
    warren: revision 9: warren0 made, peers set, addresses and routes set
    warren: r is in mesh, on warren0
    /etc/init.d/warren-thin

    /etc/rc.d:
    S95warren-thin
    /etc/warren
    /etc/init.d/warren-thin
    warren: mesh: left
    ls: /etc/warren: No such file or directory
    ls: /etc/init.d/warren-thin: No such file or directory
    /etc/rc.d:
    cat: can't open '/lib/upgrade/keep.d/*': No such file or directory
    exit 1
    "
  `);
}, 60_000);
