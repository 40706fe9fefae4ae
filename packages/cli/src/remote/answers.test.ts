/** What is made of the answers of hosts: of those that mean well, and of others. */
import { expect, test } from "vitest";
import { answerOf } from "./answers.ts";

function failureOf(status: number, errors: string): unknown {
  return answerOf({ status, output: "", errors });
}

test("answerOf() reads a word and the rest of each line", () => {
  expect(answerOf({ status: 0, output: "os debian 12\n\nready\n", errors: "" })).toEqual({
    kind: "answered",
    lines: [
      ["os", "debian 12"],
      ["ready", ""],
    ],
  });
});

test("answerOf() takes the last line for a failure alone, and what is kept for none", () => {
  const of = (output: string) => answerOf({ status: 1, output, errors: "" });
  const failed = { kind: "failed", code: "no-boot", detail: "it is masked" };
  expect(of("step file\nfail no-boot it is masked\n")).toEqual(failed);
  expect(of("fail no-boot it is masked\nkept nftables\n")).toEqual(failed);
  expect(of("fail busy\n")).toEqual({ kind: "failed", code: "busy", detail: "" });
  const greeting = answerOf({
    status: 0,
    output: "fail all ye who enter\nos debian\n",
    errors: "",
  });
  expect(greeting.kind).toBe("answered");
});

test("answerOf() lets nothing through that a terminal would obey, and no code of the host's own", () => {
  const evil = "\u001b]0;x\u0007\u009b31m\u202Ea\rb\r";
  expect(answerOf({ status: 1, output: `fail undone ${evil}\n`, errors: "" })).toEqual({
    kind: "failed",
    code: "undone",
    detail: "\uFFFD]0;x\uFFFD\uFFFD31m\uFFFDa\uFFFDb",
  });
  expect(answerOf({ status: 1, output: "fail \u001b[2J now\n", errors: "" })).toEqual({
    kind: "failed",
    code: "defect",
    detail: "",
  });
  expect(failureOf(255, `a\n${evil}`)).toEqual({
    kind: "failed",
    code: "lost",
    detail: "\uFFFD]0;x\uFFFD\uFFFD31m\uFFFDa\uFFFDb",
    isCut: true,
  });
});

test.each([
  [255, "ssh: connect to host a port 22: Connection refused", "refused"],
  [255, "ssh: Could not resolve hostname a: Name or service not known", "unknown-host"],
  [1, "sudo: a password is required", "sudo-password"],
  [1, "sudo: a terminal is required to read the password", "sudo-password"],
  [1, "sudo: sorry, you must have a tty to run sudo", "sudo-tty"],
  [127, "bash: line 1: sudo: command not found", "no-sudo"],
  [127, "hello\nenv: 'sudo': No such file or directory", "no-sudo"],
  [90, "", "no-room"],
  [-1, "", "too-long"],
  [1, "", "defect"],
])("answerOf() knows status %i with %j", (status, errors, code) => {
  expect(failureOf(status, errors)).toMatchObject({ kind: "failed", code });
});
