/** The mesh's names, as hosts read them. */
import { expect, test } from "vitest";
import { renderHosts } from "../mod.ts";
import { sampleOf } from "../../../../tools/sample.ts";

test("renderHosts() names all nodes and clients, sorted by name", () => {
  const { index } = sampleOf(`
    network: { name: n, addresses: [10.66.0.0/16, "fd00::/64"], dns: corp.example }
    nodes:
      z: { endpoint: z.example, address: 10.66.0.1 }
      aws: { endpoint: aws.example }
    clients: { phone: { via: aws }, tab: { via: [z, aws] } }
  `);
  expect(renderHosts(index)).toMatchInlineSnapshot(`
    "# Made by Warren, form 1. Changes here are lost: change the mesh and render again.
    # names
    # search corp.example
    # On a host: add these lines to /etc/hosts. For clients with dns: true, the node that they
    # enter through must answer them: dnsmasq --addn-hosts=FILE, with this file, does.
    10.66.0.2 aws.corp.example aws
    fd00::1 aws.corp.example aws
    10.66.0.3 phone.corp.example phone
    fd00::3 phone.corp.example phone
    10.66.0.4 tab.aws.corp.example tab.aws
    fd00::4 tab.aws.corp.example tab.aws
    10.66.0.5 tab.z.corp.example tab.z
    fd00::5 tab.z.corp.example tab.z
    10.66.0.1 z.corp.example z
    fd00::2 z.corp.example z
    "
  `);
});
