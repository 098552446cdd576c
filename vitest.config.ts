import { defineConfig } from 'vitest/config'

/** A third of a run waits for processes that start and end: three files at a time keep two cores busy. */
const WORKERS = 3

const SECOND = 1000

/** Servers, gateways and readers that tests start from source begin in half the time when Node finds its code compiled. */
const compiled = new URL('node_modules/.cache/compiled', import.meta.url).pathname

const everywhere = ['**/node_modules/**', '**/dist/**', '**/.hagane/**']

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: WORKERS,
    // The files that a worker takes share its modules: loading them again for each took a fifth of the whole run.
    isolate: false,
    // Node strips the types itself, as everywhere else here: a sixth less processor time than by way of Vite.
    experimental: { viteModuleRunner: false, nodeLoader: false },
    // Messages in tests are compared as they are written, on every machine.
    env: {
      ...{ TZ: 'UTC', LANG: 'C.UTF-8', NO_COLOR: '1', NODE_COMPILE_CACHE: compiled },
      // Python keeps what it compiled for those that import it after, whatever the shell says.
      PYTHONDONTWRITEBYTECODE: '',
    },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: [
            'packages/**/src/**/*.test.ts',
            'packages/*/test/**/*.test.ts',
            'tools/**/*.test.ts',
            'bench/**/*.test.ts',
          ],
          exclude: [...everywhere, '**/*.db.test.ts'],
          testTimeout: 120 * SECOND,
          hookTimeout: 120 * SECOND,
        },
      },
      {
        extends: true,
        test: {
          name: 'db',
          include: ['packages/**/*.db.test.ts'],
          exclude: everywhere,
          testTimeout: 180 * SECOND,
          hookTimeout: 600 * SECOND,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['tests/e2e/**/*.test.ts'],
          exclude: everywhere,
          testTimeout: 600 * SECOND,
          hookTimeout: 600 * SECOND,
        },
      },
    ],
  },
})
