/**
 * Writes /sw.js: the service worker with the list of everything the physician's page is made of.
 *
 * The list is the entry's own files and what it loads later, never the desk's. Its digest names the cache, so
 * that a new build makes a new cache and an old one stays whole until no page uses it any more.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Plugin } from 'vite'

interface Chunk {
  type: 'chunk'
  name: string
  isEntry: boolean
  facadeModuleId: string | null
  fileName: string
  imports: string[]
  dynamicImports: string[]
  viteMetadata?: { importedCss: Set<string>; importedAssets: Set<string> }
}

/** The words of the desk hang on the shared loader of words, but no physician ever asks for them. */
const foreign = /\/words\/[^/]+\/(desk|review|admin)\.json$/

function filesOf(entry: string, bundle: Record<string, { type: string }>): string[] {
  const chunks = Object.values(bundle).filter((part): part is Chunk => part.type === 'chunk')
  const byFile = new Map(chunks.map((chunk) => [chunk.fileName, chunk]))
  const found = new Set<string>()
  const walk = (fileName: string): void => {
    const chunk = byFile.get(fileName)
    if (!chunk || found.has(fileName) || foreign.test(chunk.facadeModuleId ?? '')) return
    found.add(fileName)
    chunk.viteMetadata?.importedCss.forEach((css) => found.add(css))
    chunk.viteMetadata?.importedAssets.forEach((asset) => found.add(asset))
    for (const next of [...chunk.imports, ...chunk.dynamicImports]) walk(next)
  }
  for (const chunk of chunks) if (chunk.isEntry && chunk.name === entry) walk(chunk.fileName)
  return [...found].sort()
}

export function offlineCopy(entry: string): Plugin {
  return {
    name: 'exam-offline-copy',
    apply: 'build',
    generateBundle(_options, bundle) {
      const files = filesOf(entry, bundle).map((file) => `/${file}`)
      if (files.length === 0) this.error(`no files found for the entry ${entry}`)
      const version = createHash('sha256').update(files.join('\n')).digest('hex').slice(0, 12)
      const template = readFileSync(new URL('./sw.template.js', import.meta.url), 'utf8')
      const source = template.replace('__VERSION__', version).replace('__FILES__', JSON.stringify(files))
      this.emitFile({ type: 'asset', fileName: 'sw.js', source })
    },
  }
}
