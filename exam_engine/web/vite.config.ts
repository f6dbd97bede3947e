import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'
import { offlineCopy } from './tooling/offline-copy.ts'
import { pages } from './tooling/pages.ts'
import { noIconFont } from './tooling/no-icon-font.ts'
import { pdfData } from './tooling/pdf-data.ts'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  root: here('.'),
  resolve: { alias: { '@shared': here('./shared'), '@words': here('./words') } },
  plugins: [
    vue(),
    noIconFont(),
    pages(),
    pdfData(),
    offlineCopy('app'),
  ],
  // vue-i18n turns a sentence into a small tree, never into code: the content policy allows no eval.
  define: {
    __VUE_I18N_FULL_INSTALL__: false,
    __VUE_I18N_LEGACY_API__: false,
    __INTLIFY_PROD_DEVTOOLS__: false,
    __VUE_PROD_DEVTOOLS__: false,
    __VUE_OPTIONS_API__: true, // Vant and Element Plus need it
  },
  build: {
    outDir: here('./dist'),
    emptyOutDir: true,
    target: ['es2019', 'chrome80', 'safari14'],
    cssTarget: ['chrome80', 'safari14'],
    assetsInlineLimit: 0, // the content policy allows no data: scripts or fonts
    chunkSizeWarningLimit: 700,
    rolldownOptions: { input: { app: here('./app/index.html'), desk: here('./desk/index.html') } },
  },
  server: {
    port: 5173,
    proxy: { '/api': { target: process.env['EXAM_DEV_SERVER'] ?? 'http://127.0.0.1:8080', ws: true } },
  },
})
