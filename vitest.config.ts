import { defineConfig } from 'vitest/config'

const shared = { testTimeout: 60_000, hookTimeout: 60_000 }

/** `npx vitest run --project unit` runs one of them. */
const projects: Readonly<Record<string, readonly string[]>> = {
  contract: ['test/{charts,contract,fixtures,journals}/**/*.test.ts'],
  scenarios: ['test/scenarios/**/*.test.ts'],
  simulation: ['test/simulation/**/*.test.ts'],
}
const everything = ['**/*.test.ts']
const never = ['node_modules/**', 'dist/**']

export default defineConfig({
  test: {
    ...shared,
    globalSetup: ['./test/mongo-setup.ts'],
    // Two workers: the suites start servers and databases, and the smallest machine has two cores.
    maxWorkers: 2,
    reporters: ['default', './test/closing-line.ts'],
    projects: [
      {
        // Beside their modules, and the house's own rules.
        test: {
          ...shared,
          name: 'unit',
          include: everything,
          exclude: [...never, ...Object.values(projects).flat()],
        },
      },
      ...Object.entries(projects).map(([name, include]) => ({
        test: { ...shared, name, include: [...include], exclude: never },
      })),
    ],
  },
})
