import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    pool: "threads",
    isolate: false,
    testTimeout: 30_000,
    projects: [
      {
        extends: true,
        test: { name: "check", include: ["packages/**/*.test.ts", "tools/**/*.test.ts"] },
      },
      // One file after the other: these hold real network namespaces and count processes.
      {
        extends: true,
        test: {
          name: "e2e",
          include: ["e2e/**/*.test.ts"],
          fileParallelism: false,
          testTimeout: 120_000,
        },
      },
    ],
  },
});
