/** What is found and told of a tunnel that somebody has changed, and how soon it is looked at. */
import { parseName, parsePublicKey, printText, Problem } from "@warren/core";
import { describe, expect, test } from "vitest";
import { Alarm, driftOf } from "./drift.ts";

const [KEY, NAME] = [parsePublicKey(`${"A".repeat(42)}E=`), parseName("b")];
if (KEY instanceof Problem || NAME instanceof Problem) throw new Error("both are right");
const NAMES = new Map([[KEY, NAME]]);

test("driftOf() says what was found, and no more of it than one reads", () => {
  const texts = [
    ["link +", "device ~ privateKey", "up", "route + 10.1.0.0/16"],
    ["device ~ listenPort", `peer ~ ${KEY} allowedIps`, "mtu ~ 1420"],
    [`peer - ${KEY}`, "route + 10.1.0.0/16 table 5", "address - 10.0.0.1/24"],
    ["up", "route + 10.1.0.0/16", "route + 10.2.0.0/16", "route + 10.3.0.0/16", "table +"],
    ["setting + forward4", "route + 10.1.0.0/16", "route + 10.1.0.0/16"],
  ].map((done) => printText(driftOf(done, NAMES)));
  expect(texts).toMatchInlineSnapshot(`
    [
      "its interface was gone",
      "its key, port or mark was another, peer b was gone or another, its MTU was not 1420",
      "there was a peer b, route 10.1.0.0/16 table 5 was missing, there was address 10.0.0.1/24",
      "its interface was down, route 10.1.0.0/16 was missing, route 10.2.0.0/16 was missing, and 2 more",
      "setting forward4 was off, route 10.1.0.0/16 was missing",
    ]
  `);
});

describe("Alarm", () => {
  test("looks once for what comes together, and not for ever as fast as it hears", () => {
    let looks = 0;
    let due: (() => void) | undefined;
    const alarm = new Alarm(
      (_delayMs, work) => {
        due = work;
        return () => (due = undefined);
      },
      () => (looks += 1),
    );
    const hearTwice = (): void => {
      alarm.hear();
      alarm.hear();
      due?.();
      due = undefined;
    };
    hearTwice();
    expect(looks).toBe(1);
    for (let times = 0; times < 1000; times += 1) hearTwice();
    expect(looks).toBe(30);
    alarm.rest();
    for (let times = 0; times < 1000; times += 1) hearTwice();
    expect(looks).toBe(32);
  });
});
