import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['node_modules/**', 'dist/**'],
    globalSetup: ['./test/mongo-setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Two workers: the suites start servers and databases, and the smallest machine has two cores.
    maxWorkers: 2,
    reporters: ['default', './test/closing-line.ts'],
  },
})
