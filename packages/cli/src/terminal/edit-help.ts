/** What the help of the commands that edit a mesh file shows: examples, and which fields there are. */
import { listFields, say } from "@warren/core";
import type { Section, Text } from "@warren/core";

export function addHelp(): Text {
  return say`Examples:
  warren add d endpoint=d.example.com subnets=192.168.13.0/24,192.168.14.0/24
  warren add e address=10.66.0.5 endpoint=203.0.113.5:443 listenPort=443
  warren add office --site network=10.20.0.0/16
  warren add phone --client via=d

Fields of a node: ${names("nodes")}
Fields of a client: ${names("clients")}
Fields of a site: ${names("sites")}

A list is written with commas; a command of hooks may have commas in it, and for several
hooks.postUp=… is written several times. Without an address a node is given the lowest free
one, for life. The file keeps its comments and its layout, and what would make the mesh wrong
is not written.`;
}

export function setHelp(): Text {
  return say`Examples:
  warren set d endpoint=d2.example.com keepalive=15
  warren set d subnets=                        remove the field
  warren set d hooks.postUp='logger %i is up'
  warren set network listenPort=51821

A list is replaced by the new one: write all that is to be in it.

Fields of the network: ${names("network")}
Those of nodes, clients and sites: warren add --help`;
}

function names(section: Section): string {
  return listFields(section).join(", ");
}
