import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    environment: "node",
    // Two workers are enough for a suite of seconds and leave the machine to the daemon's own tests.
    maxWorkers: 2,
    restoreMocks: true,
  },
});
