/** What the help and the manual page tell of the program as a whole, once for both. */
import { joinTexts, listTexts, say } from "@warren/core";
import type { Phrase, Text } from "@warren/core";
import { padTo } from "./width.ts";

export function describeProgram(): Phrase {
  return say`WireGuard meshes that dig themselves: one file in, proven WireGuard files out.`;
}

/** The first steps: a command, and what it does. */
export function examples(): readonly (readonly [string, Phrase])[] {
  return [
    ["warren init", say`write a first warren.yaml`],
    [
      "warren add d endpoint=d.example.com",
      say`add a node to it; set, remove and show are its kin`,
    ],
    ["warren check", say`read it, compile it, prove it`],
    ["warren render", say`write out/<node>/warren0.conf for every node`],
    ["warren qr phone", say`make a client's key, and show it as a QR code`],
    ["warren trace a b", say`why does a reach b, or why not?`],
    ["warren push", say`bring it to the hosts, over ssh`],
    ["warren graph", say`draw it`],
    ["warren server", say`or have a server hold the mesh: hosts join it`],
    ["warren join TOKEN", say`make this host a node of a server's network`],
    ["warren cidr 10.0.0.0/8 - 10.1.0.0/16", say`calculate with prefixes`],
  ];
}

/** How a command can end. */
export function statuses(): readonly (readonly [number, Phrase])[] {
  return [
    [0, say`fine`],
    [2, say`at least one error`],
    [64, say`wrong usage`],
    [69, say`something that is needed is not there, or does not answer`],
    [70, say`a defect of Warren`],
    [75, say`somebody else is writing`],
    [77, say`whoever runs it may not`],
  ];
}

export function printExamples(): Text {
  const lines = examples().map(([command, about]) => say`  ${padTo(38, command)}${about}`);
  return joinTexts([say`First steps:`, ...lines], "\n");
}

export function printStatuses(): Text {
  const list = statuses().map(([status, about]) => say`${status} ${about}`);
  return say`Exit status: ${listTexts(list)}.`;
}

/** What Warren reads and writes. */
export function files(): readonly (readonly [string, Phrase])[] {
  return [
    ["warren.yaml", say`the mesh: what you write`],
    ["warren.lock", say`what was given out: addresses and public keys; keep it beside the mesh`],
    ["keys/", say`private keys and the network secret, for their owner alone; back them up`],
    ["out/", say`what is rendered: a folder for each node`],
  ];
}

/** What Warren reads from its surroundings. */
export function variables(): readonly (readonly [string, Phrase])[] {
  return [
    [
      "LC_ALL, LC_MESSAGES, LANG",
      say`the language, where no --lang is given; the first that is set`,
    ],
    ["NO_COLOR", say`set to anything, it switches colours off`],
  ];
}
