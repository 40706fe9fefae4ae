/** Counts a test run and names what was skipped and why: for the check that started it, or for the reader. */
import type { Reporter, TestCase, TestModule, Vitest } from "vitest/node";

/** What a run came to. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  /** `file > test: reason`, one each. */
  readonly skipped: readonly string[];
}

export class TallyReporter implements Reporter {
  #vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const tally = countModules(modules, unhandled.length);
    if (process.send !== undefined) process.send(tally);
    else for (const line of tally.skipped) this.#vitest?.logger.log(`skipped: ${line}`);
  }
}

/** A file that does not load, a hook or anything else that throws outside a test: one failure each. */
function countModules(modules: readonly TestModule[], unhandled: number): Tally {
  const tests = modules.flatMap(({ children }) => [...children.allTests()]);
  const suites = modules.flatMap(({ children }) => [...children.allSuites()]);
  const broken = [...modules, ...suites].filter((suite) => suite.errors().length > 0);
  const inState = (state: string): TestCase[] =>
    tests.filter((test) => test.result().state === state);
  const [passed, skipped] = [inState("passed"), inState("skipped")];
  return {
    passed: passed.length,
    // What never came to a result failed, too.
    failed: tests.length - passed.length - skipped.length + broken.length + unhandled,
    skipped: skipped.map(printSkipped),
  };
}

function printSkipped(test: TestCase): string {
  const result = test.result();
  const reason = result.state === "skipped" ? result.note : undefined;
  return `${test.module.relativeModuleId} > ${test.fullName}: ${reason ?? "no reason given"}`;
}
