/** Joining is never half done: whoever is cut off asks again, and whoever is in joins again without a gap. */
import { expect, test } from "vitest";
import { createControl, serveOn, type, typeInVain, machinesOf } from "./control-machines.ts";
import { pingDuring } from "./steady-pings.ts";
import { useGround } from "./systems-fixture.ts";

const ground = useGround();

/** From before the program has begun until after it has heard its answer, or nearly. */
const KILLS = "0.3 0.5 0.7 0.9";

test("`warren join` that is cut off is done by the next one, with a token for one use", async () => {
  const lab = await createControl(ground, ["srv", "a", "b"]);
  const [srv, a, b] = machinesOf(lab, "srv", "a", "b");
  await serveOn(srv);
  const create = "warren token create mesh";
  const [one = "", other = ""] = (await type(srv, `${create}; ${create}`)).trim().split("\n");

  // What it has heard cannot be written: the server knows it by now.
  const file = "/var/lib/warren/mesh/key";
  const refused = await typeInVain(a, `mkdir -p ${file}; warren join ${one}`);
  expect(refused).toContain(`${file}: error cannot-write`);
  expect(await type(srv, "warren node list mesh")).toMatch(/^a +not connected/m);
  expect(await type(a, "stat -c %a /var/lib/warren/.joining-*")).toBe("600\n");
  expect(await type(a, `rmdir ${file}; warren join ${one}`)).toMatchInlineSnapshot(`
    "a is in mesh, on warren0: 0 tunnels
    "
  `);
  expect(await type(a, "ls -A /var/lib/warren")).toBe("mesh\n");

  const killed = `for s in ${KILLS}; do timeout -s KILL $s warren join ${other} || true; done`;
  expect(await type(b, `{ ${killed}; } >/dev/null; warren join ${other}`)).toContain(
    "b is in mesh, on warren0: 1 tunnel\n",
  );
  await type(b, "ping -n -W 2 -c 1 10.77.0.1");
  const listed = await type(srv, "warren token list mesh");
  expect(listed.match(/ 0 +not needed$/gm)).toHaveLength(2);

  // A person is asked before both are out of it.
  const remove = "script -qec 'warren network remove mesh' /dev/null";
  expect(await typeInVain(srv, `echo yes | ${remove}`)).toContain("nothing was changed");
  expect(await type(srv, `echo mesh | ${remove}`)).toContain("mesh: removed");
});

test("a host that joins again, by the same token or another, loses no packet and keeps its tunnel", async () => {
  const lab = await createControl(ground, ["srv", "a", "b"]);
  const [srv, a, b] = machinesOf(lab, "srv", "a", "b");
  await serveOn(srv);
  const create = "warren token create mesh --uses 0";
  const tokens = (await type(srv, `${create}; ${create}`)).trim().split("\n");
  await type(a, `warren join ${tokens[0]} --name other`);
  await type(b, `warren join ${tokens[0]}`);
  const index = await type(a, "cat /sys/class/net/warren0/ifindex");
  const both = [
    { source: a, target: "10.77.0.2" },
    { source: b, target: "10.77.0.1" },
  ];
  const counts = await pingDuring(both, async () => {
    for (const token of tokens) {
      expect(await type(a, `warren join ${token}`)).toBe(
        "other is in mesh, on warren0: 1 tunnel\n",
      );
    }
  });
  expect(counts).toMatchObject([{ lost: [] }, { lost: [] }]);
  expect(await type(a, "cat /sys/class/net/warren0/ifindex")).toBe(index);

  // Another interface is another tunnel: the one before is gone.
  expect(await type(a, `warren join ${tokens[0]} --interface tunnel`)).toMatchInlineSnapshot(`
    "other is in mesh, on tunnel: 1 tunnel
    "
  `);
  await type(a, "! ip link show warren0 2>/dev/null; ping -n -W 6 -c 1 10.77.0.2");
});

test("a host that was taken out while it was away comes again as another: a thief's copy stays out", async () => {
  const lab = await createControl(ground, ["srv", "a", "b", "thief"]);
  const [srv, a, b, thief] = machinesOf(lab, "srv", "a", "b", "thief");
  await serveOn(srv);
  const token = (await type(srv, "warren token create mesh --uses 0")).trim();
  await type(a, `warren join ${token}; cp -a /var/lib/warren /root/copy`);
  await type(b, `warren join ${token}`);
  await type(a, "systemctl stop warren@mesh");
  await type(srv, "warren node remove mesh a");
  expect(await type(a, `warren join ${token}`)).toMatchInlineSnapshot(`
    "a is in mesh, on warren0: 1 tunnel
    "
  `);
  const copy =
    "cd /root/copy/mesh; for f in *; do cmp -s $f /var/lib/warren/mesh/$f && echo $f; done";
  expect(await type(a, `${copy} || true`)).toBe("");

  // On another host, as whoever has found the disk has it.
  const stolen = await type(a, "tar -C /root/copy -c . | base64 -w 0");
  const [there] = await pingDuring([{ source: b, target: "10.77.0.1" }], async () => {
    const put = `mkdir -p /var/lib/warren; echo ${stolen} | base64 -d | tar -C /var/lib/warren -x`;
    await type(thief, `${put}; warren up >/dev/null 2>&1 &`);
    const status = () => type(thief, "warren status || true");
    await expect
      .poll(status, { timeout: 20_000, interval: 200 })
      .toContain("this host was taken out of mesh");
    await typeInVain(thief, "ping -n -W 2 -c 1 10.77.0.2");
  });
  expect(there?.lost).toEqual([]);
});

test("who is not let in hears it while it waits, and nothing is left of it once it has left", async () => {
  const lab = await createControl(ground, ["srv", "a"]);
  const [srv, a] = machinesOf(lab, "srv", "a");
  await serveOn(srv);
  await type(srv, "warren network create clouds open=true");
  const ask = "warren join --server 203.0.113.1 --network clouds";
  const [pin] = /sha256:\S+/.exec(await typeInVain(a, ask)) ?? [];
  const join = `${ask} --pin ${pin}`;
  const waits = typeInVain(a, `${join} || { echo "exit $?"; false; }`);
  await expect
    .poll(() => type(srv, "warren node list clouds"), { timeout: 20_000, interval: 200 })
    .toMatch(/^a +waits for approval/m);
  await expect
    .poll(() => type(a, "warren status || true"), { timeout: 20_000, interval: 200 })
    .toContain("waits to be approved");
  await type(srv, "warren node remove clouds a");
  expect((await waits).replace(/publicKey=[\w+/]{8}/, "publicKey=…")).toMatchInlineSnapshot(`
    "waiting for approval: on the server, warren node approve clouds a publicKey=…
    warren: error not-found: a was taken out of clouds, or not let in
      ask whoever runs the server; then join again: warren join
    exit 2
    "
  `);
  expect(await typeInVain(a, "warren status")).toMatchInlineSnapshot(`
    "a (warren0): this host was taken out of clouds
      join again: warren join; or have it forgotten: warren leave clouds
    "
  `);
  const left = "ls -d /etc/systemd/system/*/warren* /etc/systemd/system/warren* /var/lib/warren";
  expect(await typeInVain(a, `${left} 2>/dev/null`)).toBe("");
  expect(await type(a, "systemctl --failed --quiet")).toBe("");
  expect(await type(a, "warren leave clouds")).toBe("clouds: left\n");
  expect(await typeInVain(a, "warren leave clouds")).toContain("this host is in no network");
  const unit = "/etc/systemd/system/warren@clouds.service";
  await type(a, `printf '[Service]\\nExecStart=/bin/true\\n' >${unit}; warren leave clouds`);
  await typeInVain(a, `ls ${unit} 2>/dev/null`);
});

test("an agent that no service starts is not given the token that its host joined by", async () => {
  const lab = await createControl(ground, ["srv", "a"]);
  const [srv, a] = machinesOf(lab, "srv", "a");
  await serveOn(srv);
  const token = (await type(srv, "warren token create mesh")).trim();
  const join = `mount -t tmpfs none /run/systemd; OTHER=kept WARREN_TOKEN=${token} warren join`;
  expect(await type(a, `unshare -m sh -ec '${join}'`)).toContain("a is in mesh, on warren0");
  const environ = "tr '\\0' '\\n' </proc/$(pgrep -o -f 'agent mesh$')/environ";
  expect(await type(a, `${environ} | grep -E '^(OTHER|WARREN)' | sort`)).toBe("OTHER=kept\n");
});
