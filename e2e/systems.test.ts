/** The machines of other tests: they are what they say, and nothing is left of them. */
import { expect, test } from "vitest";
import { pingDuring } from "./steady-pings.ts";
import { readSnapshot } from "./system-snapshot.ts";
import type { System } from "./system.ts";
import { createSystems, type DrawnSystem } from "./systems.ts";
import { useGround } from "./systems-fixture.ts";

const ground = useGround();

function at(address: string, system?: DrawnSystem["system"]): DrawnSystem {
  const port = { ports: { net: { addresses: [address] } } };
  return system === undefined ? port : { ...port, system };
}

const drawing = {
  hosts: {
    desk: at("203.0.113.100/24"),
    a: at("203.0.113.1/24", {}),
    b: at("203.0.113.2/24", { user: "op" }),
  },
};

async function sh(host: Pick<System, "run">, script: string): Promise<string> {
  return await host.run({ words: ["sh", "-c", script], wayOut: "look at the script" });
}

test("a desk reaches machines by name, with a real systemd and sshd on each", async () => {
  const { desk } = await createSystems(ground, drawing);
  expect(await sh(desk, "ssh a 'hostname; id -un; systemctl is-system-running; cat /proc/1/comm'"))
    .toMatchInlineSnapshot(`
    "a
    root
    running
    systemd
    "
  `);
  expect(await sh(desk, "ssh b 'hostname; id -un; sudo id -un; sudo systemctl is-active ssh'"))
    .toMatchInlineSnapshot(`
    "b
    op
    root
    active
    "
  `);
});

const DEVICE = `[Interface]
Address = 10.9.0.1/24
ListenPort = 51820
PrivateKey = $(wg genkey)
`;

test("wg-quick's service comes up with wireguard-go, and after a reboot when it is enabled", async () => {
  const lab = await createSystems(ground, drawing);
  const a = lab.machine("a");
  await sh(
    a,
    `umask 077; cat >/etc/wireguard/wg9.conf <<end\n${DEVICE}end\nsystemctl start wg-quick@wg9`,
  );
  expect(await sh(a, "wg show wg9 listen-port; systemctl is-active wg-quick@wg9")).toBe(
    "51820\nactive\n",
  );
  await a.reboot();
  expect(await sh(a, "ip -br link show type tun; ls /run/wireguard 2>&1 || :")).not.toContain(
    "wg9",
  );
  await sh(lab.desk, "ssh a systemctl enable -q wg-quick@wg9");
  for (const again of [() => a.reboot(), () => a.crash()]) {
    await again();
    expect(await sh(lab.desk, "ssh a wg show wg9 listen-port")).toBe("51820\n");
  }
});

test("readSnapshot() is the same when nothing was done, and after a reboot", async () => {
  const lab = await createSystems(ground, drawing);
  const a = lab.machine("a");
  const before = await readSnapshot(a);
  await sh(
    lab.desk,
    "ssh a 'logger hello; touch /etc/fstab /run/x /tmp/y; systemctl daemon-reload'",
  );
  expect(await readSnapshot(a)).toEqual(before);
  await a.reboot();
  expect(await readSnapshot(a)).toEqual(before);
  await a.crash();
  expect(await readSnapshot(a)).toEqual(before);
});

test("pingDuring() counts what is lost", async () => {
  const lab = await createSystems(ground, drawing);
  const pairs = [
    { source: lab.machine("b"), target: "203.0.113.1" },
    { source: lab.desk, target: "203.0.113.2" },
  ];
  const counts = await pingDuring(pairs, async () => {
    await sh(lab.machine("a"), "ip link set net down; sleep 1; ip link set net up");
  });
  const [cut, whole] = counts;
  expect(whole).toEqual({ source: "desk", target: "203.0.113.2", sent: cut?.sent, lost: [] });
  expect(cut?.lost.length).toBeGreaterThan(7);
  expect(cut?.lost.length).toBeLessThan(cut?.sent ?? 0);
});

test("findText() finds what was planted", async () => {
  const lab = await createSystems(ground, drawing);
  const a = lab.machine("a");
  const text = "planted-by-the-test";
  expect(await lab.findText(text)).toEqual([]);
  await sh(
    a,
    `echo ${text} >/etc/x; echo ${text} >/run/y; echo ${text} >/tmp/z; logger ${text}; S=${text} sleep 100 >/dev/null 2>&1 &`,
  );
  expect(await lab.findText(text)).toEqual([
    "a:/etc/x",
    expect.stringMatching(/^a:\/run\/log\/journal\/.*journal$/),
    "a:/run/y",
    "a:/tmp/z",
    "a:journal",
    expect.stringContaining("environ S=planted"),
  ]);
});
