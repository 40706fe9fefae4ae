/** What a small router trusts and shows, and what starts it. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createControl, machinesOf, serveOn, type } from "./control-machines.ts";
import { useGround } from "./systems-fixture.ts";
import { BIN, CHECKIN, onRouter, ROUTER } from "./thin-router.ts";

const ground = useGround();

const SCRIPT = join(import.meta.dirname, "../packages/server/src/thin.sh");

test.each(["shellcheck -s sh", "dash -n", "bash --posix -n", "busybox sh -n"])(
  "the script is one to `%s`",
  (words) => {
    const [program = "", ...list] = words.split(" ");
    expect(execFileSync(program, [...list, SCRIPT], { encoding: "utf8" })).toBe("");
  },
);

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
  expect(argv).toContain("curl -q -sS -m 30 --connect-timeout 5 -k --pinnedpubkey");
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
});

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
    warren: nothing starts programs here, and nothing keeps the tunnel yet: type this now, and have it run at boot: sh /etc/warren/warren-thin run >/dev/null 2>&1 &
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
});
