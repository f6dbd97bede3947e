/**
 * What the PDF library reads beside its code: character maps (documents in Chinese that carry no fonts of their own),
 * the standard fonts, and the decoder of JPEG 2000 that needs no WebAssembly. Under a folder named by the version, so
 * that browsers may keep it for ever.
 */
import { createReadStream, existsSync, readdirSync, readFileSync } from 'node:fs'
import type { Plugin } from 'vite'

const home = new URL('../node_modules/pdfjs-dist/', import.meta.url)
const FOLDERS: Record<string, RegExp> = {
  cmaps: /\.bcmap$/,
  standard_fonts: /\.(pfb|ttf)$/,
  wasm: /_nowasm_fallback\.js$/,
}

function version(): string {
  const described = JSON.parse(readFileSync(new URL('package.json', home), 'utf8')) as { version: string }
  return described.version
}

export function pdfData(): Plugin {
  const folder = `assets/pdf-${version()}`
  return {
    name: 'exam-pdf-data',
    config: () => ({ define: { __PDF_DATA__: JSON.stringify(`/${folder}/`) } }),
    generateBundle() {
      for (const [part, wanted] of Object.entries(FOLDERS)) {
        for (const name of readdirSync(new URL(`${part}/`, home)).filter((each) => wanted.test(each))) {
          const source = readFileSync(new URL(`${part}/${name}`, home))
          this.emitFile({ type: 'asset', fileName: `${folder}/${part}/${name}`, source })
        }
      }
    },
    configureServer(server) {
      server.middlewares.use(`/${folder}`, (request, response, next) => {
        const file = new URL(`.${(request.url ?? '').split('?')[0] ?? ''}`, home)
        if (!file.pathname.startsWith(home.pathname) || !existsSync(file)) return next()
        createReadStream(file).pipe(response)
      })
    },
  }
}
