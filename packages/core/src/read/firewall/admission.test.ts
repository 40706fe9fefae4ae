/** What admits a packet where others' rules drop it, for a program that puts it there itself. */
import { describe, expect, test } from "vitest";
import { judgeFirewalls } from "./firewall.ts";
import type { FirewallTexts } from "./firewall.ts";
import type { FirewallNeed } from "./needs.ts";
import { DOCKER, SERVER, UFW } from "./samples.contract.ts";

const COMMON = { interface: "wg0", families: [4, 6] } as const;

describe("judgeFirewalls() tells what admits a packet", () => {
  const needs: readonly FirewallNeed[] = [
    { ...COMMON, kind: "input", port: 51820 },
    { ...COMMON, kind: "out", protocol: "tcp", elsewhere: "eth0" },
    { ...COMMON, kind: "back", elsewhere: "eth0" },
  ];

  test("at each place that drops it, in front of everything there", () => {
    const texts = { iptables: DOCKER, ip6tables: DOCKER, nft: SERVER };
    expect(admissionsOf(texts)).toMatchInlineSnapshot(`
      [
        "nft inet filter input warren wg0 port-51820: udp dport 51820",
        "nft inet filter input warren wg0 port-51820: udp dport 51820",
        "nft inet filter forward warren wg0 in: iifname "wg0"",
        "nft inet filter forward warren wg0 in: iifname "wg0"",
        "iptables ip filter DOCKER-USER warren wg0 in: -i wg0",
        "ip6tables ip6 filter DOCKER-USER warren wg0 in: -i wg0",
        "nft inet filter forward warren wg0 back: oifname "wg0" ct state established,related",
        "nft inet filter forward warren wg0 back: oifname "wg0" ct state established,related",
        "iptables ip filter DOCKER-USER warren wg0 back: -o wg0 -m conntrack --ctstate ESTABLISHED,RELATED",
        "ip6tables ip6 filter DOCKER-USER warren wg0 back: -o wg0 -m conntrack --ctstate ESTABLISHED,RELATED",
      ]
    `);
    // One command of ufw's is for both families, whose tables are two.
    const both = { iptables: UFW, ip6tables: UFW.replaceAll("ufw-", "ufw6-") };
    expect(admissionsOf(both)).toMatchInlineSnapshot(`
      [
        "iptables ip filter INPUT warren wg0 port-51820: -p udp --dport 51820",
        "ip6tables ip6 filter INPUT warren wg0 port-51820: -p udp --dport 51820",
        "iptables ip filter FORWARD warren wg0 in: -i wg0",
        "ip6tables ip6 filter FORWARD warren wg0 in: -i wg0",
      ]
    `);
  });

  test("and is not there for who judges", () => {
    const rules = '-A DOCKER-USER -i wg0 -m comment --comment "warren wg0 in" -j ACCEPT';
    const [head = "", ...rest] = DOCKER.split("\n-A DOCKER-USER");
    const admitted = (rule: string): string =>
      [head, `\n${rule}\n-A DOCKER-USER`, ...rest].join("");
    const docker = admissionsOf({ iptables: DOCKER });
    expect(admissionsOf({ iptables: admitted(rules) })).toEqual(docker);
    expect(admissionsOf({ iptables: admitted(rules.replace("warren", "other")) })).not.toEqual(
      docker,
    );
    const accept = { accept: null };
    const place = { family: "inet", table: "filter", chain: "input" };
    const nft = (comment: string): string => {
      const objects: { rule?: object }[] = JSON.parse(SERVER).nftables;
      const at = objects.findIndex(({ rule }) => rule !== undefined);
      objects.splice(at, 0, { rule: { ...place, comment, expr: [accept] } });
      return JSON.stringify({ nftables: objects });
    };
    expect(admissionsOf({ nft: nft("warren wg0 in") })).toEqual(admissionsOf({ nft: SERVER }));
    expect(admissionsOf({ nft: nft("another") })).not.toEqual(admissionsOf({ nft: SERVER }));
  });

  function admissionsOf(printed: FirewallTexts): readonly string[] {
    return needs
      .flatMap((need) => judgeFirewalls(printed, need))
      .flatMap(({ admissions }) => admissions)
      .map(({ match, ...place }) => `${Object.values(place).join(" ")}: ${match.join(" ")}`);
  }
});
