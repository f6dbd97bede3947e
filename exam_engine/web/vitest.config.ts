import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  resolve: { alias: { '@shared': here('./shared'), '@words': here('./words') } },
  plugins: [vue()],
  test: { include: ['{app,desk,shared,words}/**/*.test.ts'], environment: 'node' },
})
